import { errorDetails, Reason, richError, SessionState, type Turn, TurnState } from "@amp/proto";
import { type Metadata, status } from "@grpc/grpc-js";
import type { Backend } from "./contract.js";
import { queueFull } from "./errors.js";
import type { Mutant } from "./mutant.js";
import { turnsOf } from "./mutant-turns.js";

const FULL = "a full queue is RESOURCE_EXHAUSTED, and takes turns again when one is gone";
const CANCEL = "Cancel stops the running turn; its callers get CANCELLED, the session goes on";
const CANCEL_ZERO =
  "Cancel without a seq stops the turn that runs, and those that wait behind it run";

/** Mistakes in what becomes of turns: how they fail, wait, and are cancelled. */
export const turnMutants: Mutant[] = [
  {
    flaw: "the third call on an ended session is accepted",
    noticedBy: "Send on an ended session is NOT_FOUND, SESSION_ENDED",
    mutate(right) {
      const times = new Map<string, number>();
      return {
        send: (request, signal) =>
          right.send(request, signal).catch((failure) => {
            const { sessionId } = request;
            times.set(sessionId, (times.get(sessionId) ?? 0) + 1);
            if (failure.code !== status.NOT_FOUND || times.get(sessionId) !== 3) throw failure;
            return { reply: "", turn: undefined };
          }),
      };
    },
  },
  {
    flaw: "a stream of a failed turn ends as if nothing had happened",
    noticedBy:
      "SendStream of a turn that fails, for the first time and alone, fails with TURN_FAILED",
    mutate: (right) => ({
      async *sendStream(request, signal) {
        try {
          yield* right.sendStream(request, signal);
        } catch (failure) {
          if (!isReason(failure, Reason.TURN_FAILED)) throw failure;
        }
      },
    }),
  },
  {
    flaw: "a caller who leaves takes a waiting turn along",
    noticedBy: "a turn that waits runs also when its caller has left, by deadline or by hanging up",
    mutate: (right) => ({
      send(request, signal) {
        const { sessionId, requestId } = request;
        const stop = async () => {
          const all = { sessionId, pageSize: 200, pageToken: "", newestFirst: false, fromSeq: 0 };
          const { turns } = await right.listTurns(all);
          const mine = turns.find((turn) => turn.requestId === requestId);
          if (mine?.state === TurnState.QUEUED) await right.cancel({ sessionId, seq: mine.seq });
        };
        signal.addEventListener("abort", () => void stop().catch(() => {}));
        return right.send(request, signal);
      },
    }),
  },
  {
    flaw: "of two streams on one turn the second is told every piece twice",
    noticedBy: "several SendStreams on one running turn each make up the reply",
    mutate(right) {
      const open = new Map<string, number>();
      return {
        async *sendStream(request, signal) {
          const others = open.get(request.requestId) ?? 0;
          open.set(request.requestId, others + 1);
          for await (const response of right.sendStream(request, signal)) {
            yield response;
            if (others > 0 && response.event?.event?.$case === "textDelta") yield response;
          }
        },
      };
    },
  },
  {
    flaw: "a cancelled turn does not say which it was",
    noticedBy: CANCEL,
    mutate: (right) => ({
      async *sendStream(request, signal) {
        try {
          yield* right.sendStream(request, signal);
        } catch (failure) {
          if (!isReason(failure, Reason.TURN_CANCELLED)) throw failure;
          throw richError(status.CANCELLED, "The turn was cancelled.", {
            reason: Reason.TURN_CANCELLED,
            metadata: { session_id: request.sessionId },
          });
        }
      },
    }),
  },
  {
    flaw: "the repeat of a failed turn has another text",
    noticedBy: "Send and SendStream repeated after a failed turn fail alike and run nothing",
    mutate(right) {
      const failed = new Set<string>();
      return {
        send: (request, signal) =>
          right.send(request, signal).catch((failure) => {
            if (!failed.has(request.requestId)) {
              failed.add(request.requestId);
              throw failure;
            }
            const details = errorDetails(failure);
            throw details ? richError(failure.code, "It failed before.", details) : failure;
          }),
      };
    },
  },
  details("an error has two ErrorInfos", (encoded) => Buffer.concat([encoded, encoded])),
  // Field 2, a text without characters: the last one of a field counts.
  details("google.rpc.Status has no message", (encoded) =>
    Buffer.concat([encoded, Buffer.from([0x12, 0])]),
  ),
  // Field 1, the number 13.
  details("google.rpc.Status has another code", (encoded) =>
    Buffer.concat([encoded, Buffer.from([0x08, 13])]),
  ),
  {
    flaw: "Cancel drops all that waits behind the turn",
    noticedBy: CANCEL_ZERO,
    mutate: (right) => ({
      async cancel(request) {
        const answer = await right.cancel(request);
        for (const { seq } of await waiting(right, request.sessionId)) {
          await right.cancel({ ...request, seq });
        }
        return answer;
      },
    }),
  },
  {
    flaw: "Cancel without a seq stops the newest turn that waits",
    noticedBy: CANCEL_ZERO,
    mutate: (right) => ({
      async cancel(request) {
        const newest = (await waiting(right, request.sessionId)).at(-1);
        return right.cancel(
          request.seq === 0 && newest ? { ...request, seq: newest.seq } : request,
        );
      },
    }),
  },
  {
    flaw: "a cancelled turn has a failure",
    noticedBy: CANCEL,
    mutate: (right) =>
      turnsOf(right, (turn) =>
        turn.state === TurnState.CANCELLED
          ? { ...turn, failure: { code: status.CANCELLED, message: "Cancelled." } }
          : turn,
      ),
  },
  {
    flaw: "Cancel of a turn that is over makes it a cancelled one",
    noticedBy: "Cancel of a turn that is over changes nothing of it",
    mutate(right) {
      const touched = new Set<string>();
      return {
        async cancel(request) {
          const answer = await right.cancel(request);
          if (!answer.cancelled) touched.add(`${request.sessionId} ${request.seq}`);
          return answer;
        },
        ...turnsOf(right, (turn) =>
          touched.has(`${turn.sessionId} ${turn.seq}`)
            ? { ...turn, state: TurnState.CANCELLED }
            : turn,
        ),
      };
    },
  },
  {
    flaw: "a refused turn takes a number",
    noticedBy: FULL,
    mutate(right) {
      const burnt = new Map<string, number>();
      return {
        async *sendStream(request, signal) {
          const { sessionId } = request;
          try {
            for await (const response of right.sendStream(request, signal)) {
              const event = response.event?.event;
              if (event?.$case !== "queued") yield response;
              else {
                const seq = event.value.seq + (burnt.get(sessionId) ?? 0);
                yield { event: { seq, event: { ...event, value: { ...event.value, seq } } } };
              }
            }
          } catch (failure) {
            if (isReason(failure, Reason.QUEUE_FULL)) burnt.set(sessionId, 1);
            throw failure;
          }
        },
      };
    },
  },
  {
    flaw: "a full queue refuses the turns of other sessions",
    noticedBy: "a full queue of one session refuses no turn of another",
    mutate(right) {
      let isFull = false;
      return {
        async *sendStream(request, signal) {
          try {
            yield* right.sendStream(request, signal);
          } catch (failure) {
            isFull ||= isReason(failure, Reason.QUEUE_FULL);
            throw failure;
          }
        },
        async send(request, signal) {
          if (isFull) throw queueFull(request.sessionId);
          return right.send(request, signal);
        },
      };
    },
  },
  {
    flaw: "only four turns may wait",
    noticedBy: "at least 8 turns may wait in a session",
    policy: { mostOpen: 5 },
  },
];

/** Changes the encoded `google.rpc.Status` of a failure of Get. */
function details(flaw: string, change: (encoded: Buffer) => Buffer): Mutant {
  const key = "grpc-status-details-bin";
  return {
    flaw,
    noticedBy: "Get on an unknown session is NOT_FOUND, SESSION_UNKNOWN",
    mutate: (right) => ({
      get: (request) =>
        right.get(request).catch((failure: { metadata: Metadata }) => {
          const [encoded] = failure.metadata.get(key);
          if (Buffer.isBuffer(encoded)) failure.metadata.set(key, change(encoded));
          throw failure;
        }),
    }),
  };
}

async function waiting(right: Backend, sessionId: string): Promise<Turn[]> {
  const { session } = await right.get({ sessionId });
  if (session?.state !== SessionState.ACTIVE) return [];
  const all = { sessionId, pageSize: 200, pageToken: "", newestFirst: false, fromSeq: 0 };
  const { turns } = await right.listTurns(all);
  return turns.filter(({ state }) => state === TurnState.QUEUED);
}

function isReason(failure: unknown, reason: Reason): boolean {
  return errorDetails(failure as { metadata: Metadata })?.reason === reason;
}
