import {
  type Approval,
  type ConnectOptions,
  type CreateRequest,
  connectSessions,
  type DeepPartial,
  type ListRequest,
  type ListResponse,
  type ListTurnsRequest,
  type ListTurnsResponse,
  LONGEST_RESPONSE,
  type ResolveApprovalRequest,
  type SendStreamRequest,
  type Session,
  type Turn,
  type TurnEvent,
  type WatchResponse,
} from "@amp/proto";
import { Availability } from "./availability.js";
import { type BackendCall, Calls, NO_TIMEOUT, type OnCall } from "./calls.js";
import { deadOf, type Ending, type EndingsPosition, toPosition, unknown } from "./endings.js";
import { BackendError, isDead, toBackendError } from "./errors.js";

/** A request that must be safe to repeat. */
type Idempotent<Request> = DeepPartial<Request> & { requestId: string };

/**
 * The session backend as the surfaces see it. Every failure is a `BackendError`,
 * or the reason of the caller's own signal. Every call here is safe to repeat,
 * and is repeated within the call's window.
 */
export interface Backend {
  create(request: Idempotent<CreateRequest>, call?: BackendCall): Promise<Session>;
  /** Runs a turn and waits for its end. @throws BackendError of kind `turn` when it ends without a reply. */
  send(request: Idempotent<SendStreamRequest>, call?: BackendCall): Promise<Turn>;
  /** The same, told as it happens; after a broken connection it goes on with a `started` that replaces all before. */
  sendStream(request: Idempotent<SendStreamRequest>, call?: BackendCall): AsyncIterable<TurnEvent>;
  /** Whether this call ended it. */
  end(sessionId: string, reason: string, call?: BackendCall): Promise<boolean>;
  get(sessionId: string, call?: BackendCall): Promise<Session>;
  list(filter: DeepPartial<ListRequest>, call?: BackendCall): Promise<ListResponse>;
  listTurns(request: DeepPartial<ListTurnsRequest>, call?: BackendCall): Promise<ListTurnsResponse>;
  /** Follows a session until it ends. Not repeated by itself: a new watch begins with a new snapshot. */
  watch(sessionId: string, call?: BackendCall): AsyncIterable<WatchResponse>;
  /** Whether there was a turn to cancel; `seq` 0 is the one that runs now, and that call is tried once. */
  cancel(sessionId: string, seq: number, call?: BackendCall): Promise<boolean>;
  /**
   * Answers a question of the agent. The same answer by the same person is the same
   * call again. @throws BackendError of kind `late` when another one was first, or nobody waits any more.
   */
  resolveApproval(
    request: DeepPartial<ResolveApprovalRequest>,
    call?: BackendCall,
  ): Promise<Approval>;
  /** Those of the sessions that are dead, any number of them in batches. */
  deadAmong(sessionIds: string[], call?: BackendCall): Promise<Ending[]>;
  /**
   * Tells the sessions that end after the cursor, or from now on if that is
   * empty; first, and from time to time, a position alone. Not repeated by itself.
   * @throws BackendError of kind `invalid` when the feed does not reach back to the cursor.
   */
  watchEndings(cursor: string, call?: BackendCall): AsyncIterable<EndingsPosition>;
  close(): void;
}

/** How to reach the backend, and who is told of it. */
export interface BackendOptions extends ConnectOptions {
  onCall?: OnCall;
}

const CHANNEL = {
  "grpc.max_receive_message_length": LONGEST_RESPONSE,
  // Back within half a second of a restart.
  "grpc.max_reconnect_backoff_ms": 200,
  // The default of 30 s is how long a rolling restart that gives every replica a new address would be seen.
  "grpc.dns_min_time_between_resolutions_ms": 1_000,
};

/** Who asks whether the backend is there waits no longer; a connection that is made meanwhile is used at once. */
const PROBE_TIMEOUT_MS = 1_000;

/** How many sessions the contract lists in one call. */
const LIST_LIMIT = 200;

/** Opens the connection to the backend; it is made at the first call. */
export function openBackend(address: string, options: BackendOptions = {}): Backend {
  const { onCall = () => {}, ...connect } = options;
  const client = connectSessions(address, {
    ...connect,
    channel: { ...CHANNEL, ...connect.channel },
  });
  const availability = new Availability(() =>
    client
      .list({ pageSize: 1 }, { waitForReady: true, timeout: PROBE_TIMEOUT_MS })
      .catch((error: unknown) => Promise.reject(toBackendError(error))),
  );
  const calls = new Calls(availability, onCall);

  return {
    async create(request, call) {
      const { session } = await calls.unary("Create", client.create, request, call);
      return present(session, "session");
    },
    async send(request, call) {
      const { turn } = await calls.unary("Send", client.send, request, call, NO_TIMEOUT);
      return present(turn, "turn");
    },
    async *sendStream(request, call) {
      for await (const { event } of calls.stream("SendStream", client.sendStream, request, call)) {
        if (event) yield event;
      }
    },
    async end(sessionId, reason, call) {
      return (await calls.unary("End", client.end, { sessionId, reason }, call)).ended;
    },
    async get(sessionId, call) {
      const { session } = await calls.unary("Get", client.get, { sessionId }, call);
      return present(session, "session");
    },
    list: (filter, call) => calls.unary("List", client.list, filter, call),
    listTurns: (request, call) => calls.unary("ListTurns", client.listTurns, request, call),
    watch: (sessionId, call) =>
      calls.stream("Watch", client.watch, { sessionId }, { signal: call?.signal }),
    async cancel(sessionId, seq, call) {
      // Where the first try was done after all, another one would cancel the next turn.
      const once = seq === 0 ? { ...call, window: 0 } : call;
      return (await calls.unary("Cancel", client.cancel, { sessionId, seq }, once)).cancelled;
    },
    async resolveApproval(request, call) {
      const answer = await calls.unary("ResolveApproval", client.resolveApproval, request, call);
      return present(answer.approval, "approval");
    },
    async deadAmong(sessionIds, call) {
      const dead: Ending[] = [];
      for (let at = 0; at < sessionIds.length; at += LIST_LIMIT) {
        const batch = sessionIds.slice(at, at + LIST_LIMIT);
        const filter = { sessionIds: batch, pageSize: LIST_LIMIT };
        const { sessions } = await calls.unary("List", client.list, filter, call);
        const { ended, missing } = deadOf(batch, sessions);
        dead.push(...ended);
        // A backend that does not know this filter leaves out sessions that are alive.
        for (const sessionId of missing) {
          try {
            await calls.unary("Get", client.get, { sessionId }, call);
          } catch (error) {
            if (!isDead(error)) throw error;
            dead.push(unknown(sessionId));
          }
        }
      }
      return dead;
    },
    async *watchEndings(cursor, call) {
      const follow = calls.stream(
        "WatchEndings",
        client.watchEndings,
        { cursor },
        {
          signal: call?.signal,
        },
      );
      for await (const told of follow) yield toPosition(told);
    },
    close: () => client.close(),
  };
}

function present<T>(value: T | undefined, field: string): T {
  if (value === undefined) {
    throw new BackendError("internal", `The backend's answer has no ${field}.`, undefined, "OK");
  }
  return value;
}
