import { randomUUID } from "node:crypto";
import type { SendStreamResponse, TurnEvent, WatchResponse } from "@amp/proto";
import type { Mutant } from "./mutant.js";

/** A backend that is right, in another way than the reference. */
export type Variant = Pick<Mutant, "mutate" | "policy"> & { name: string };

/** What the contract leaves to a backend: each of these has to pass. */
export const variants: Variant[] = [
  { name: "a turn starts 300 ms after its acceptance", policy: { startDelay: 300 } },
  {
    name: "a page has two items at most, however many were asked for",
    mutate: (right) => ({
      list: (request) => right.list(shorter(request)),
      listTurns: (request) => right.listTurns(shorter(request)),
    }),
  },
  {
    name: "a turn is told again from its beginning, as when its session moved",
    mutate: (right) => ({
      async *sendStream(request, signal) {
        yield* toldAgain(
          right.sendStream(request, signal),
          ({ event }) => event,
          (event) => ({ event }),
        );
      },
      async *watch(request, signal) {
        yield* toldAgain(
          right.watch(request, signal),
          ({ event }) => (event?.$case === "turn" ? event.value : undefined),
          (value) => ({ event: { $case: "turn", value } }),
        );
      },
    }),
  },
  {
    name: "the clock counts in tenths of a second",
    policy: { now: () => new Date(Math.floor(Date.now() / 100) * 100) },
  },
  { name: "eight turns may wait", policy: { mostOpen: 9 } },
  { name: "256 turns may wait", policy: { mostOpen: 257 } },
  {
    name: "ids begin with a character that is a wildcard elsewhere",
    policy: { newId: () => `_${randomUUID().slice(1)}` },
  },
  {
    name: "events of a later version of the contract are told in between",
    mutate: (right) => ({
      async *sendStream(request, signal) {
        for await (const response of right.sendStream(request, signal)) {
          yield response;
          yield { event: { seq: response.event?.seq ?? 0, event: undefined } };
        }
      },
      async *watch(request, signal) {
        for await (const response of right.watch(request, signal)) {
          yield response;
          if (response.event?.$case !== "ended") yield { event: undefined };
        }
      },
    }),
  },
];

function shorter<Request extends { pageSize: number }>(request: Request): Request {
  const { pageSize } = request;
  return pageSize < 0 || pageSize > 200
    ? request
    : { ...request, pageSize: Math.min(pageSize || 2, 2) };
}

/** After the first piece of an answer, tells its turn again: `started` without a reply, then the piece. */
async function* toldAgain<Response extends SendStreamResponse | WatchResponse>(
  responses: AsyncIterable<Response>,
  eventOf: (response: Response) => TurnEvent | undefined,
  responseOf: (event: TurnEvent) => Response,
): AsyncGenerator<Response> {
  const started = new Map<number, TurnEvent>();
  for await (const response of responses) {
    yield response;
    const event = eventOf(response);
    if (event?.event?.$case === "started") started.set(event.seq, structuredClone(event));
    if (event && /^(thought|tool|approval)/.test(`${event.event?.$case}`))
      started.delete(event.seq);
    if (event?.event?.$case !== "textDelta") continue;
    const first = started.get(event.seq);
    started.delete(event.seq);
    // Only what has not been told of by other events can be told again so simply.
    if (first?.event?.$case !== "started" || first.event.value.reply !== "") continue;
    yield responseOf(first);
    yield response;
  }
}
