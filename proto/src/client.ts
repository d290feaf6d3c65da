import {
  type ChannelCredentials,
  type ChannelOptions,
  Client,
  credentials,
  Metadata,
  type MethodDefinition,
} from "@grpc/grpc-js";
import {
  CancelRequest,
  CreateRequest,
  type DeepPartial,
  EndRequest,
  GetRequest,
  ListRequest,
  ListTurnsRequest,
  type MessageFns,
  ResolveApprovalRequest,
  SendRequest,
  SendStreamRequest,
  SessionServiceService as service,
  WatchEndingsRequest,
  WatchRequest,
} from "./gen/amp/session/v1/session.js";

/** What a single call may be given. */
export interface CallOptions {
  /** Cancels the call. A turn that was accepted goes on. */
  signal?: AbortSignal | undefined;
  /** Milliseconds until the call fails with DEADLINE_EXCEEDED; none by default. */
  timeout?: number | undefined;
  /** Waits for a connection, until the deadline, instead of failing at once with UNAVAILABLE. */
  waitForReady?: boolean | undefined;
  /** Sent along with the call. */
  metadata?: Metadata | undefined;
}

/** A request that no message can hold, such as a number beyond 32 bits: it was not sent, and never can be. */
export class RequestNotSendable extends Error {
  override readonly name = "RequestNotSendable";
}

/** How to reach a backend. */
export interface ConnectOptions {
  /** TLS; plaintext by default. */
  credentials?: ChannelCredentials | undefined;
  /** Sent as a bearer token with every call. */
  token?: string | undefined;
  /** Overrides of the channel options below. */
  channel?: ChannelOptions | undefined;
}

/**
 * Bytes that a page of the longest turns, or a snapshot of as many as may wait,
 * can take: for `grpc.max_receive_message_length` of who reads those. gRPC's
 * default of 4 MB holds only a few.
 */
export const LONGEST_RESPONSE = 64 * 1024 * 1024;

/** `SessionService` with promises, async iterables and abort signals. */
export type SessionClient = ReturnType<typeof connectSessions>;

/**
 * Notices a silent peer within 13 s, reconnects within half a second of a
 * restart (the default back-off begins at 1 s and grows to 120 s), and spreads
 * calls over every address that the name resolves to. Retries are the
 * caller's: only the caller knows which calls may be repeated.
 */
const CHANNEL: ChannelOptions = {
  "grpc.keepalive_time_ms": 10_000,
  "grpc.keepalive_timeout_ms": 3_000,
  "grpc.initial_reconnect_backoff_ms": 100,
  "grpc.max_reconnect_backoff_ms": 500,
  "grpc.enable_http_proxy": 0,
  "grpc.enable_retries": 0,
  "grpc.service_config_disable_resolution": 1,
  "grpc.service_config": JSON.stringify({ loadBalancingConfig: [{ round_robin: {} }] }),
};

/**
 * Opens a channel to the backend at `address` (`host:port`); it connects on the
 * first call. A failed call rejects (a stream: throws) with a grpc-js
 * `ServiceError`; a call whose signal is aborted, with status CANCELLED; one that
 * cannot be sent at all, with RequestNotSendable.
 */
export function connectSessions(address: string, options: ConnectOptions = {}) {
  const channelCredentials = options.credentials ?? credentials.createInsecure();
  const client = new Client(address, channelCredentials, { ...CHANNEL, ...options.channel });

  function headers(call: CallOptions): Metadata {
    const metadata = call.metadata?.clone() ?? new Metadata();
    metadata.setOptions({ waitForReady: call.waitForReady ?? false });
    if (options.token) metadata.set("authorization", `Bearer ${options.token}`);
    return metadata;
  }

  function unary<Request, Response>(
    method: MethodDefinition<Request, Response>,
    message: MessageFns<Request>,
  ) {
    return (request: DeepPartial<Request>, call: CallOptions = {}) =>
      new Promise<Response>((resolve, reject) => {
        const running = client.makeUnaryRequest(
          method.path,
          asItIs,
          method.responseDeserialize,
          encoded(method, message.fromPartial(request)),
          headers(call),
          deadline(call),
          (error, response) => {
            release();
            if (error) reject(error);
            else resolve(response as Response);
          },
        );
        const release = onAbort(call.signal, () => running.cancel());
      });
  }

  function streaming<Request, Response>(
    method: MethodDefinition<Request, Response>,
    message: MessageFns<Request>,
  ) {
    return async function* (
      request: DeepPartial<Request>,
      call: CallOptions = {},
    ): AsyncGenerator<Response, void, undefined> {
      const stream = client.makeServerStreamRequest(
        method.path,
        asItIs,
        method.responseDeserialize,
        encoded(method, message.fromPartial(request)),
        headers(call),
        deadline(call),
      );
      const release = onAbort(call.signal, () => stream.cancel());
      // Who leaves the loop early cancels the call; its late CANCELLED needs a listener.
      stream.on("error", () => {});
      try {
        for await (const response of stream) yield response as Response;
      } finally {
        release();
        stream.cancel();
      }
    };
  }

  return {
    create: unary(service.create, CreateRequest),
    send: unary(service.send, SendRequest),
    sendStream: streaming(service.sendStream, SendStreamRequest),
    end: unary(service.end, EndRequest),
    get: unary(service.get, GetRequest),
    list: unary(service.list, ListRequest),
    listTurns: unary(service.listTurns, ListTurnsRequest),
    watch: streaming(service.watch, WatchRequest),
    watchEndings: streaming(service.watchEndings, WatchEndingsRequest),
    cancel: unary(service.cancel, CancelRequest),
    resolveApproval: unary(service.resolveApproval, ResolveApprovalRequest),
    /** Closes the channel; calls in flight still end. */
    close: () => client.close(),
  };
}

/** In gRPC's own hands, a failure would look like one of the connection. @throws RequestNotSendable */
function encoded<Request>(
  { requestSerialize }: Pick<MethodDefinition<Request, unknown>, "requestSerialize">,
  request: Request,
): Buffer {
  try {
    return requestSerialize(request);
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    throw new RequestNotSendable(`The request cannot be sent: ${problem}`, { cause: error });
  }
}

function asItIs(bytes: Buffer): Buffer {
  return bytes;
}

function deadline(call: CallOptions) {
  return call.timeout === undefined ? {} : { deadline: Date.now() + call.timeout };
}

/** Calls `cancel` when the signal is or becomes aborted; returns the way to stop listening. */
function onAbort(signal: AbortSignal | undefined, cancel: () => void): () => void {
  if (!signal) return () => {};
  if (signal.aborted) cancel();
  else signal.addEventListener("abort", cancel, { once: true });
  return () => signal.removeEventListener("abort", cancel);
}
