import {
  type CallOptions,
  type ConnectOptions,
  type CreateRequest,
  connectSessions,
  type DeepPartial,
  type ListRequest,
  type ListResponse,
  type ListTurnsRequest,
  type ListTurnsResponse,
  type SendStreamRequest,
  type Session,
  type SessionClient,
  type Turn,
  type TurnEvent,
  type WatchResponse,
} from "@amp/proto";
import { BackendError, toBackendError } from "./errors.js";
import { Patience } from "./patience.js";

/** How a call to the backend is made. */
export interface BackendCall {
  /** Gives the call up; the promise then rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
  /** How long an unreachable backend is tried again, in milliseconds; 0 by default. */
  window?: number | undefined;
}

/** A request that must be safe to repeat. */
type Idempotent<Request> = DeepPartial<Request> & { requestId: string };

/** An answer that takes longer than this comes from a backend that hangs. */
const ANSWER_TIMEOUT_MS = 10_000;
/** A turn takes as long as it takes; keepalive notices a backend that is gone. */
const NO_TIMEOUT = Number.POSITIVE_INFINITY;

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
  /** Whether there was a turn to cancel; `seq` 0 is the one that runs now. */
  cancel(sessionId: string, seq: number, call?: BackendCall): Promise<boolean>;
  close(): void;
}

/** A page of the longest turns; the default of 4 MB holds only a few. */
const LONGEST_ANSWER = 64 * 1024 * 1024;

/** Opens the connection to the backend; it is made at the first call. */
export function openBackend(address: string, options: ConnectOptions = {}): Backend {
  const client = connectSessions(address, {
    ...options,
    channel: { "grpc.max_receive_message_length": LONGEST_ANSWER },
  });
  return {
    async create(request, call) {
      const { session } = await unary(client.create, request, call);
      return present(session, "session");
    },
    async send(request, call) {
      const { turn } = await unary(client.send, request, call, NO_TIMEOUT);
      return present(turn, "turn");
    },
    sendStream: (request, call) => sendStream(client, request, call),
    async end(sessionId, reason, call) {
      return (await unary(client.end, { sessionId, reason }, call)).ended;
    },
    async get(sessionId, call) {
      const { session } = await unary(client.get, { sessionId }, call);
      return present(session, "session");
    },
    list: (filter, call) => unary(client.list, filter, call),
    listTurns: (request, call) => unary(client.listTurns, request, call),
    watch: (sessionId, call) => watch(client, sessionId, call),
    async cancel(sessionId, seq, call) {
      return (await unary(client.cancel, { sessionId, seq }, call)).cancelled;
    },
    close: () => client.close(),
  };
}

async function unary<Request, Response>(
  method: (request: Request, options: CallOptions) => Promise<Response>,
  request: Request,
  { signal, window = 0 }: BackendCall = {},
  timeout = ANSWER_TIMEOUT_MS,
): Promise<Response> {
  const patience = new Patience(window, signal);
  for (;;) {
    try {
      return await method(request, { signal, timeout });
    } catch (error) {
      await patience.wait(toBackendError(error));
    }
  }
}

async function* sendStream(
  client: SessionClient,
  request: Idempotent<SendStreamRequest>,
  { signal, window = 0 }: BackendCall = {},
): AsyncGenerator<TurnEvent, void, undefined> {
  const patience = new Patience(window, signal);
  for (;;) {
    try {
      for await (const { event } of client.sendStream(request, { signal })) {
        patience.progress();
        if (event) yield event;
      }
      return;
    } catch (error) {
      await patience.wait(toBackendError(error));
    }
  }
}

async function* watch(
  client: SessionClient,
  sessionId: string,
  { signal }: BackendCall = {},
): AsyncGenerator<WatchResponse, void, undefined> {
  try {
    yield* client.watch({ sessionId }, { signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw toBackendError(error);
  }
}

function present<T>(value: T | undefined, field: string): T {
  if (value === undefined) {
    throw new BackendError("internal", `The backend's answer has no ${field}.`, undefined, "OK");
  }
  return value;
}
