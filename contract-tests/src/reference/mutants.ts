import { Reason, richError, type SendStreamResponse, SessionState, type Turn } from "@amp/proto";
import { status } from "@grpc/grpc-js";
import type { Mutant } from "./mutant.js";
import { approvalMutants } from "./mutants-approvals.js";
import { endingsMutants } from "./mutants-endings.js";
import { keptMutants } from "./mutants-kept.js";
import { tellingMutants } from "./mutants-telling.js";
import { textMutants } from "./mutants-texts.js";
import { turnMutants } from "./mutants-turns.js";

/** Mistakes that somebody who writes a backend may well make. */
export const mutants: Mutant[] = [
  {
    flaw: "End says each time that it did it",
    noticedBy: "End tells whether this call did it; the first reason stays",
    mutate: (right) => ({
      end: async (request) => ({ ...(await right.end(request)), ended: true }),
    }),
  },
  {
    flaw: "an unknown session is UNAVAILABLE",
    noticedBy: "Send on an unknown session is NOT_FOUND, SESSION_UNKNOWN",
    mutate: (right) => ({
      send: (request, signal) =>
        right.send(request, signal).catch((failure) => {
          throw { ...failure, code: status.UNAVAILABLE };
        }),
    }),
  },
  {
    flaw: "unknown and ended are not told apart",
    noticedBy: "Cancel on an ended session is NOT_FOUND, SESSION_ENDED",
    mutate: (right) => ({
      cancel: (request) =>
        right.cancel(request).catch(() => {
          throw richError(status.NOT_FOUND, "Gone.", {
            reason: Reason.SESSION_UNKNOWN,
            metadata: { session_id: request.sessionId },
          });
        }),
    }),
  },
  {
    flaw: "an error has a status and no details",
    noticedBy: "Watch on an unknown session is NOT_FOUND, SESSION_UNKNOWN",
    mutate: (right) => ({
      async *watch(request, signal) {
        try {
          yield* right.watch(request, signal);
        } catch {
          throw { code: status.NOT_FOUND, details: "Gone." };
        }
      },
    }),
  },
  {
    flaw: "an ended session answers",
    noticedBy: "create, send, end, send: the last is NOT_FOUND, also when it repeats the first",
    mutate: () => ({ end: async () => ({ ended: true }) }),
  },
  {
    flaw: "a repeated Send runs a second turn",
    noticedBy: "20 concurrent Sends with one request_id run one turn and all get its reply",
    mutate: (right) => ({
      send: (request, signal) => right.send({ ...request, requestId: "" }, signal),
    }),
  },
  {
    flaw: "a repeated Create begins a second session",
    noticedBy: "20 concurrent Creates with one request_id begin one session",
    mutate: (right) => ({ create: (request) => right.create({ ...request, requestId: "" }) }),
  },
  {
    flaw: "List shows ended sessions as active",
    noticedBy: "an ended session is absent from the active list and present in the ended one",
    mutate: (right) => ({
      list: (request) => right.list({ ...request, state: SessionState.UNSPECIFIED }),
    }),
  },
  {
    flaw: "List does not know session_ids",
    noticedBy: "List by session_ids tells these and no others, and leaves out unknown ones",
    mutate: (right) => ({ list: (request) => right.list({ ...request, sessionIds: [] }) }),
  },
  {
    flaw: "List is in the reverse order",
    noticedBy: "List tells the last active first, each as Get does",
    mutate: (right) => ({
      async list(request) {
        const answer = await right.list(request);
        return { ...answer, sessions: answer.sessions.toReversed() };
      },
    }),
  },
  {
    flaw: "a page of List begins one too late",
    noticedBy: "pages of List go to the end without gaps or repeats",
    mutate: (right) => ({
      list: (request) =>
        right.list(
          request.pageToken
            ? { ...request, pageToken: String(Number(request.pageToken) + 1) }
            : request,
        ),
    }),
  },
  {
    flaw: "ListTurns does not know newest_first",
    noticedBy: "pages of ListTurns go to the end in either order, without gaps or repeats",
    mutate: (right) => ({
      listTurns: (request) => right.listTurns({ ...request, newestFirst: false }),
    }),
  },
  {
    flaw: "from_seq is ignored",
    noticedBy: "ListTurns begins with from_seq in either order, and its pages go on from there",
    mutate: (right) => ({ listTurns: (request) => right.listTurns({ ...request, fromSeq: 0 }) }),
  },
  {
    flaw: "every page begins with from_seq",
    noticedBy: "ListTurns begins with from_seq in either order, and its pages go on from there",
    mutate: (right) => ({
      listTurns: (request) =>
        right.listTurns(request.fromSeq > 0 ? { ...request, pageToken: "" } : request),
    }),
  },
  {
    flaw: "from beyond the end there is the last turn",
    noticedBy:
      "ListTurns from beyond the end is empty oldest first, and begins with the newest otherwise",
    mutate: (right) => ({
      async listTurns(request) {
        const answer = await right.listTurns(request);
        if (request.fromSeq === 0 || answer.turns.length > 0) return answer;
        return right.listTurns({ ...request, fromSeq: 0, newestFirst: true, pageSize: 1 });
      },
    }),
  },
  {
    flaw: "a negative from_seq is taken for none",
    noticedBy: "ListTurns refuses a negative from_seq, in either order",
    mutate: (right) => ({
      listTurns: (request) =>
        right.listTurns({ ...request, fromSeq: Math.max(request.fromSeq, 0) }),
    }),
  },
  {
    flaw: "a caller who leaves takes the turn along",
    noticedBy: "the caller's deadline does not stop the turn; a repeat joins it",
    mutate: (right) => ({
      send(request, signal) {
        const { sessionId } = request;
        signal.addEventListener("abort", () => {
          right.cancel({ sessionId, seq: 0 }).catch(() => {});
        });
        return right.send(request, signal);
      },
    }),
  },
  {
    flaw: "a failed turn is NOT_FOUND",
    noticedBy: "a failed turn is stored, and told to watchers, as Send answered it",
    mutate: (right) => ({
      send: (request, signal) =>
        right.send(request, signal).catch((failure) => {
          throw { ...failure, code: status.NOT_FOUND };
        }),
    }),
  },
  {
    flaw: "Cancel says that it stopped something",
    noticedBy: "Cancel with nothing to stop is OK and says so",
    mutate: (right) => ({
      cancel: async (request) => ({ ...(await right.cancel(request)), cancelled: true }),
    }),
  },
  {
    flaw: "an empty message is taken",
    noticedBy: "Send and SendStream refuse an empty or too long message and too long a request_id",
    mutate: (right) => ({
      send: (request, signal) =>
        right.send({ ...request, message: request.message || " " }, signal),
    }),
  },
  {
    flaw: "the first piece of a streamed answer is lost",
    noticedBy:
      "SendStream tells acceptance, deltas that make up the reply, and completion, then ends",
    mutate: (right) => ({
      async *sendStream(request, signal) {
        let lost = false;
        for await (const response of right.sendStream(request, signal)) {
          if (lost || response.event?.event?.$case !== "textDelta") yield response;
          else lost = true;
        }
      },
    }),
  },
  {
    flaw: "whoever joins a stream is not told what came before",
    noticedBy: "SendStream joins a running turn with all told so far",
    mutate: (right) => ({
      async *sendStream(request, signal) {
        for await (const response of right.sendStream(request, signal)) {
          const event = response.event?.event;
          if (event?.$case !== "started") yield response;
          else yield forgetful(response.event?.seq ?? 0, event.value);
        }
      },
    }),
  },
  {
    flaw: "the snapshot of Watch forgets what runs and waits",
    noticedBy:
      "Watch begun in mid-turn tells what was told so far, what waits, and goes on from there",
    mutate: (right) => ({
      async *watch(request, signal) {
        for await (const { event } of right.watch(request, signal)) {
          if (event?.$case === "snapshot") event.value.openTurns = [];
          yield { event };
        }
      },
    }),
  },
  {
    flaw: "Watch does not say that a turn was accepted or began",
    noticedBy: "Watch begun before the first turn hears the whole of it",
    mutate: (right) => ({
      async *watch(request, signal) {
        for await (const { event } of right.watch(request, signal)) {
          const kind = event?.$case === "turn" ? event.value.event?.$case : undefined;
          if (kind !== "queued" && kind !== "started") yield { event };
        }
      },
    }),
  },
  {
    flaw: "Watch does not say that the session ended",
    noticedBy: "Watch tells a whole turn of another caller, and ends with ended and OK",
    mutate: (right) => ({
      async *watch(request, signal) {
        for await (const response of right.watch(request, signal)) {
          if (response.event?.$case !== "ended") yield response;
        }
      },
    }),
  },
  {
    flaw: "the queue has no end",
    noticedBy: "a full queue is RESOURCE_EXHAUSTED, and takes turns again when one is gone",
    policy: { mostOpen: Number.POSITIVE_INFINITY },
  },
  {
    flaw: "the newest turn runs first",
    noticedBy: "turns of a session run one at a time, in the order of their acceptance",
    policy: { next: (open) => open.at(-1) },
  },
  ...endingsMutants,
  ...approvalMutants,
  ...textMutants,
  ...keptMutants,
  ...turnMutants,
  ...tellingMutants,
];

function forgetful(seq: number, turn: Turn): SendStreamResponse {
  return { event: { seq, event: { $case: "started", value: { ...turn, reply: "" } } } };
}
