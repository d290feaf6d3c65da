import { check } from "./errors.js";
import type { Mutant } from "./mutant.js";

const PROSE =
  "a NUL character in what people write is kept or becomes U+FFFD, and is never refused";
const IDS = "a NUL character in an id is either kept or refused by the name of its field";

/** Mistakes with characters that not every store can hold. */
export const textMutants: Mutant[] = [
  {
    flaw: "a message with a NUL is refused",
    noticedBy: PROSE,
    mutate: (right) => ({
      send: async (request, signal) => {
        check(!request.message.includes("\0"), "message", request.sessionId);
        return right.send(request, signal);
      },
    }),
  },
  {
    flaw: "a NUL vanishes from a description",
    noticedBy: PROSE,
    mutate: (right) => ({
      create: (request) =>
        right.create({ ...request, description: request.description.replaceAll("\0", "") }),
    }),
  },
  {
    flaw: "a reason ends at a NUL",
    noticedBy: PROSE,
    mutate: (right) => ({
      end: (request) => right.end({ ...request, reason: request.reason.split("\0", 1)[0] ?? "" }),
    }),
  },
  {
    flaw: "a request_id is cleaned, and so becomes another one",
    noticedBy: IDS,
    mutate: (right) => ({
      send: (request, signal) =>
        right.send({ ...request, requestId: request.requestId.replaceAll("\0", "\uFFFD") }, signal),
    }),
  },
];
