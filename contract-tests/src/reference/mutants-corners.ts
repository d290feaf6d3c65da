import {
  type CreateRequest,
  errorDetails,
  Reason,
  richError,
  type SendRequest,
  type Session,
  SessionState,
  type Turn,
  TurnState,
  type WatchResponse,
} from "@amp/proto";
import { type Metadata, status } from "@grpc/grpc-js";
import type { Backend } from "./contract.js";
import { queueFull } from "./errors.js";
import type { Mutant } from "./mutant.js";

const kept = (what: string) => `a message keeps ${what}, in the answer and in the transcript`;
const LONGEST = "a message of 200,000 characters comes back whole, from Send and from ListTurns";
const FULL = "a full queue is RESOURCE_EXHAUSTED, and takes turns again when one is gone";
const EXACT = "List's filters are exact: no other case, no beginning of a project or a surface";
const NEAR = "Sends with request_ids that nearly match are a turn each";
const CANCEL = "Cancel stops the running turn; its callers get CANCELLED, the session goes on";
const CANCEL_ZERO =
  "Cancel without a seq stops the turn that runs, and those that wait behind it run";

/** Mistakes that show only in the second turn, at a limit, or in what must not change. */
export const cornerMutants: Mutant[] = [
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
  {
    flaw: "last_active_at does not follow the end of a turn",
    noticedBy: "last_active_at follows the end of a turn, and not only its acceptance",
    mutate: (right) => ({
      async get(request) {
        const { session } = await right.get(request);
        const all = { pageSize: 1, pageToken: "", newestFirst: true, fromSeq: 0 };
        const { turns } = await right.listTurns({ ...request, ...all });
        const lastActiveAt = turns[0]?.createdAt ?? session?.lastActiveAt;
        return { session: session && { ...session, lastActiveAt } };
      },
    }),
  },
  {
    flaw: "List does not say when a session ended",
    noticedBy: "an ended session says so with its end_kind, to Get, List and Watch",
    mutate: (right) => sessionsOf(right, (session) => ({ ...session, endedAt: undefined })),
  },
  {
    flaw: "an id prefix has no case",
    noticedBy: EXACT,
    mutate: (right) => ({
      list: (request) => right.list({ ...request, idPrefix: request.idPrefix.toLowerCase() }),
    }),
  },
  filter(
    "a project has no case",
    "project",
    (session, project) => session.project.toLowerCase() === project.toLowerCase(),
  ),
  filter("the beginning of a project is enough", "project", (session, project) =>
    session.project.startsWith(project),
  ),
  filter(
    "blanks around a project do not count",
    "project",
    (session, project) => session.project === project.trim(),
  ),
  filter("the beginning of a surface is enough", "surface", (session, surface) =>
    (session.origin?.surface ?? "").startsWith(surface),
  ),
  filter(
    "a surface has no case",
    "surface",
    (session, surface) => session.origin?.surface.toLowerCase() === surface.toLowerCase(),
  ),
  {
    flaw: "List answers a token whenever a page is full",
    noticedBy:
      "List answers at most 50 sessions unless asked for more, and no token after the last page",
    mutate: (right) => ({
      async list(request) {
        const answer = await right.list(request);
        if (answer.sessions.length < (request.pageSize || 50)) return answer;
        return { ...answer, nextPageToken: String(Number(request.pageToken) + request.pageSize) };
      },
    }),
  },
  {
    flaw: "a page of List has 200 sessions unless told",
    noticedBy:
      "List answers at most 50 sessions unless asked for more, and no token after the last page",
    mutate: (right) => ({
      list: (request) => right.list({ ...request, pageSize: request.pageSize || 200 }),
    }),
  },
  {
    flaw: "a page of ListTurns has 200 turns unless told",
    noticedBy:
      "ListTurns answers at most 50 turns unless asked for more, and no token after the last page",
    mutate: (right) => ({
      listTurns: (request) => right.listTurns({ ...request, pageSize: request.pageSize || 200 }),
    }),
  },
  watching(
    "Watch does not say that a turn was accepted",
    "Watch tells that a turn was accepted while another runs",
    (response) => (kindOf(response) === "queued" ? [] : [response]),
  ),
  watching(
    "Watch tells no thoughts",
    "thoughts are told apart from the reply, by SendStream and by Watch, and stored",
    (response) => (kindOf(response) === "thoughtDelta" ? [] : [response]),
  ),
  watching(
    "Watch's completed turn has no tool calls",
    "tool calls are told by SendStream and by Watch, and stored as they ended",
    ({ event }) => {
      if (event?.$case !== "turn" || event.value.event?.$case !== "completed") return [{ event }];
      const value = { ...event.value.event.value, toolCalls: [] };
      return [
        { event: { ...event, value: { ...event.value, event: { $case: "completed", value } } } },
      ];
    },
  ),
  watching(
    "the snapshot of a running turn has no thoughts",
    "whoever comes in mid-turn is told the thoughts so far: Watch, and SendStream that joins",
    ({ event }) => {
      if (event?.$case === "snapshot") for (const turn of event.value.openTurns) turn.thought = "";
      return [{ event }];
    },
  ),
  {
    flaw: "the snapshot has turns that are over",
    noticedBy: "Watch begun after turns that are over has them in no snapshot",
    mutate: (right) => ({
      async *watch(request, signal) {
        for await (const { event } of right.watch(request, signal)) {
          if (event?.$case === "snapshot") {
            const all = { pageSize: 200, pageToken: "", newestFirst: false, fromSeq: 0 };
            event.value.openTurns = (await right.listTurns({ ...request, ...all })).turns;
          }
          yield { event };
        }
      },
    }),
  },
  {
    flaw: "a reader that was away is told the last ten endings",
    noticedBy: "a reader of WatchEndings that missed 60 endings is told all of them",
    mutate(right) {
      let ended = 0;
      return {
        async end(request) {
          const answer = await right.end(request);
          if (answer.ended) ended += 1;
          return answer;
        },
        watchEndings({ cursor }, signal) {
          const from = cursor && String(Math.max(Number(cursor), ended - 10));
          return right.watchEndings({ cursor: from }, signal);
        },
      };
    },
  },
  {
    flaw: "no position is told while nothing ends",
    noticedBy: "WatchEndings tells a position after at most 15 quiet seconds, and goes on",
    mutate: (right) => ({
      async *watchEndings(request, signal) {
        let isFirst = true;
        for await (const response of right.watchEndings(request, signal)) {
          if (isFirst || response.sessionId !== "") yield response;
          isFirst = false;
        }
      },
    }),
  },
  {
    flaw: "WatchEndings ends when it was quiet for long",
    noticedBy: "Watch and WatchEndings are still open after 45 quiet seconds",
    mutate: (right) => ({
      async *watchEndings(request, signal) {
        let positions = 0;
        for await (const response of right.watchEndings(request, signal)) {
          yield response;
          positions = response.sessionId === "" ? positions + 1 : 0;
          if (positions === 2) return;
        }
      },
    }),
  },
  {
    flaw: "a question is answered by itself after five seconds",
    noticedBy: "a question still waits after 10 seconds in which nobody answered",
    mutate: (right) => ({
      async *sendStream(request, signal) {
        const { sessionId } = request;
        for await (const response of right.sendStream(request, signal)) {
          const event = response.event?.event;
          if (event?.$case === "approvalRequested") {
            const { approvalId, options } = event.value;
            const optionId = options.at(-1)?.optionId ?? "";
            const answer = { sessionId, approvalId, optionId, decidedBy: undefined };
            setTimeout(() => void right.resolveApproval(answer).catch(() => {}), 5_000).unref();
          }
          yield response;
        }
      },
    }),
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

/** Changes how List applies one of its filters. */
function filter(
  flaw: string,
  field: "project" | "surface",
  matches: (session: Session, value: string) => boolean,
): Mutant {
  return {
    flaw,
    noticedBy: EXACT,
    mutate: (right) => ({
      async list(request) {
        if (request[field] === "") return right.list(request);
        const answer = await right.list({ ...request, [field]: "", pageSize: 200 });
        const sessions = answer.sessions.filter((session) => matches(session, request[field]));
        return { ...answer, sessions };
      },
    }),
  };
}

function watching(
  flaw: string,
  noticedBy: string,
  change: (response: WatchResponse) => WatchResponse[],
): Mutant {
  return {
    flaw,
    noticedBy,
    mutate: (right) => ({
      async *watch(request, signal) {
        for await (const response of right.watch(request, signal)) yield* change(response);
      },
    }),
  };
}

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

/** Changes the turns that ListTurns tells. */
function turnsOf(right: Backend, change: (turn: Turn) => Turn): Partial<Backend> {
  return {
    async listTurns(request) {
      const answer = await right.listTurns(request);
      return { ...answer, turns: answer.turns.map(change) };
    },
  };
}

/** Changes the sessions that List tells. */
function sessionsOf(right: Backend, change: (session: Session) => Session): Partial<Backend> {
  return {
    async list(request) {
      const answer = await right.list(request);
      return { ...answer, sessions: answer.sessions.map(change) };
    },
  };
}

async function waiting(right: Backend, sessionId: string): Promise<Turn[]> {
  const { session } = await right.get({ sessionId });
  if (session?.state !== SessionState.ACTIVE) return [];
  const all = { sessionId, pageSize: 200, pageToken: "", newestFirst: false, fromSeq: 0 };
  const { turns } = await right.listTurns(all);
  return turns.filter(({ state }) => state === TurnState.QUEUED);
}

function kindOf({ event }: WatchResponse): string | undefined {
  return event?.$case === "turn" ? event.value.event?.$case : undefined;
}

function isReason(failure: unknown, reason: Reason): boolean {
  return errorDetails(failure as { metadata: Metadata })?.reason === reason;
}
