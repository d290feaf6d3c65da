import type { CreateRequest, SendRequest } from "@amp/proto";
import type { Backend } from "./contract.js";
import type { Mutant } from "./mutant.js";
import { turnsOf } from "./mutant-turns.js";

const kept = (what: string) => `a message keeps ${what}, in the answer and in the transcript`;
const LONGEST = "a message of 200,000 characters comes back whole, from Send and from ListTurns";
const NEAR = "Sends with request_ids that nearly match are a turn each";

/** Mistakes in keeping what was sent: texts, ids, limits, and what a repeat must not change. */
export const keptMutants: Mutant[] = [
  messages(
    "blanks at the end of a message are cut",
    kept("blanks and newlines at both ends"),
    (text) => text.trimEnd(),
  ),
  messages(
    "blanks at the beginning of a message are cut",
    kept("blanks and newlines at both ends"),
    (text) => text.trimStart(),
  ),
  messages("letters are composed", kept("composed and decomposed letters"), (text) =>
    text.normalize("NFC"),
  ),
  messages("control characters are removed", kept("control characters"), (text) =>
    text.replaceAll(/\p{Cc}/gu, ""),
  ),
  messages("line ends are made alike", kept("control characters"), (text) =>
    text.replaceAll(/\r\n?/g, "\n"),
  ),
  messages(
    "characters that mean nothing are replaced",
    kept("characters that mean nothing"),
    (text) => text.replaceAll("\uffff", "\ufffd"),
  ),
  messages("a byte order mark is removed", kept("characters that mean nothing"), (text) =>
    text.replaceAll("\ufeff", ""),
  ),
  messages("markup is escaped", kept("markup and escapes"), (text) => text.replaceAll("<", "&lt;")),
  messages("a message is cut at 100,000 characters", LONGEST, (text) => text.slice(0, 100_000)),
  {
    flaw: "replies in the transcript are cut",
    noticedBy: LONGEST,
    mutate: (right) => turnsOf(right, (turn) => ({ ...turn, reply: turn.reply.slice(0, 10_000) })),
  },
  requestIds("request ids are cut at 64 characters", (id) => id.slice(0, 64)),
  requestIds("blanks around request ids are cut", (id) => id.trim()),
  requestIds("request ids have no case", (id) => id.toLowerCase()),
  requestIds("request ids are composed", (id) => id.normalize("NFC")),
  {
    flaw: "a repeat overwrites the message",
    noticedBy:
      "Send repeated with another message or author answers the first turn, and leaves it as it is",
    mutate: (right) => ({
      async send(request, signal) {
        const { reply, turn } = await right.send(request, signal);
        if (turn) turn.message = request.message;
        return { reply, turn };
      },
    }),
  },
  creation(
    "the same request_id from another origin is another session",
    "Create repeated with other fields answers the session as the first call began it",
    (request) => ({
      ...request,
      requestId: request.requestId && `${request.requestId} ${request.origin?.surface}`,
    }),
  ),
  creation(
    "request ids of Create are cut at 64 characters",
    "Create with request_ids that nearly match begins a session each",
    (request) => ({ ...request, requestId: request.requestId.slice(0, 64) }),
  ),
  creation(
    "a description is cut",
    "a description and a reason of 1,000 characters come back whole",
    (request) => ({ ...request, description: request.description.slice(0, 500) }),
  ),
  creation(
    "a description is composed",
    "descriptions, reasons and names keep composed and decomposed letters",
    (request) => ({ ...request, description: request.description.normalize("NFC") }),
  ),
  {
    flaw: "blanks around a reason are cut",
    noticedBy: "descriptions, reasons and names keep blanks and newlines at both ends",
    mutate: (right) => ({
      end: (request) => right.end({ ...request, reason: request.reason.trim() }),
    }),
  },
  {
    flaw: "a second End overwrites the reason",
    noticedBy: "End tells whether this call did it; the first reason stays",
    mutate(right) {
      const reasons = new Map<string, string>();
      return {
        end(request) {
          reasons.set(request.sessionId, request.reason);
          return right.end(request);
        },
        async get(request) {
          const { session } = await right.get(request);
          const endReason = reasons.get(request.sessionId) ?? "";
          return { session: session && { ...session, endReason } };
        },
      };
    },
  },
];

/** Changes messages before they are taken. */
function messages(flaw: string, noticedBy: string, change: (text: string) => string): Mutant {
  return {
    flaw,
    noticedBy,
    mutate: (right) =>
      sendingOf(right, (request) => ({ ...request, message: change(request.message) || " " })),
  };
}

function requestIds(flaw: string, change: (id: string) => string): Mutant {
  return {
    flaw,
    noticedBy: NEAR,
    mutate: (right) =>
      sendingOf(right, (request) => ({ ...request, requestId: change(request.requestId) })),
  };
}

function sendingOf(
  right: Backend,
  change: (request: SendRequest) => SendRequest,
): Partial<Backend> {
  return {
    send: (request, signal) => right.send(change(request), signal),
    sendStream: (request, signal) => right.sendStream(change(request), signal),
  };
}

function creation(
  flaw: string,
  noticedBy: string,
  change: (request: CreateRequest) => CreateRequest,
): Mutant {
  return {
    flaw,
    noticedBy,
    mutate: (right) => ({ create: (request) => right.create(change(request)) }),
  };
}
