import { once } from "node:events";
import type {
  handleServerStreamingCall,
  handleUnaryCall,
  Metadata,
  ServerUnaryCall,
  ServerWritableStream,
} from "@grpc/grpc-js";
import { SessionError } from "../sessions/errors.js";
import type { RpcContext } from "./context.js";
import { toRpcError } from "./errors.js";
import { MAX_ID } from "./fields.js";

/** Who calls. */
export interface Caller {
  /** Aborted when the caller is gone or its deadline over. */
  signal: AbortSignal;
  /** In milliseconds since the epoch; infinite if there is none. */
  deadline: number;
  metadata: Metadata;
}

type Unary<Request, Response> = (request: Request, caller: Caller) => Promise<Response>;
type Streaming<Request, Response> = (request: Request, caller: Caller) => AsyncIterable<Response>;

/** Makes a grpc-js handler: refused while draining, its errors translated. */
export function unary<Request extends object, Response>(
  context: RpcContext,
  handle: Unary<Request, Response>,
): handleUnaryCall<Request, Response> {
  return (call, callback) => {
    const caller = callerOf(call);
    admit(context)
      .then(() => handle(call.request, caller))
      .then(
        (response) => callback(null, response),
        (error: unknown) => callback(toRpcError(error, sessionIdOf(call.request), context.logger)),
      );
  };
}

/** As `unary`, for a handler that yields; no faster than the caller reads. */
export function serverStreaming<Request extends object, Response>(
  context: RpcContext,
  handle: Streaming<Request, Response>,
): handleServerStreamingCall<Request, Response> {
  return (call) => {
    const caller = callerOf(call);
    admit(context)
      .then(() => pump(handle(call.request, caller), call, caller.signal))
      .then(
        () => call.end(),
        // `destroy` would leave the caller waiting for its deadline.
        (error: unknown) =>
          call.emit("error", toRpcError(error, sessionIdOf(call.request), context.logger)),
      );
  };
}

function callerOf(
  call: ServerUnaryCall<unknown, unknown> | ServerWritableStream<unknown, unknown>,
): Caller {
  const gone = new AbortController();
  call.on("cancelled", () => gone.abort());
  const { metadata } = call;
  return { signal: gone.signal, deadline: Number(call.getDeadline()), metadata };
}

async function pump<Request, Response>(
  responses: AsyncIterable<Response>,
  call: ServerWritableStream<Request, Response>,
  signal: AbortSignal,
): Promise<void> {
  for await (const response of responses) {
    if (signal.aborted) return;
    if (!call.write(response)) await once(call, "drain", { signal }).catch(() => {});
  }
}

async function admit(context: RpcContext): Promise<void> {
  if (context.draining.aborted) throw new SessionError("draining", "");
}

/** For errors and the log: what a caller sends as an id may be as long as a message. */
function sessionIdOf(request: object): string {
  if (!("sessionId" in request) || typeof request.sessionId !== "string") return "";
  return request.sessionId.slice(0, MAX_ID);
}
