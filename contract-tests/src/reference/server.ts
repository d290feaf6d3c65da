import { fileDescriptors, Reason, SessionServiceService } from "@amp/proto";
import {
  type handleServerStreamingCall,
  type handleUnaryCall,
  type Metadata,
  Server,
  ServerCredentials,
} from "@grpc/grpc-js";
import { ReflectionService } from "@grpc/reflection";
import { HealthImplementation } from "grpc-health-check";
import type { Backend } from "./contract.js";
import { unauthenticated } from "./errors.js";

/** A backend that listens. */
export interface RunningBackend extends Disposable {
  /** `host:port`. */
  address: string;
}

/** What may be wrong with a server, whatever backend is behind it. */
export interface ServerPolicy {
  /** Whether it lets in whoever has this token; undefined: everybody, with or without one. */
  accepts?: (token: string) => boolean;
  /** Of which services its health is asked besides its own; all others are unknown. */
  alsoHealthy?: string[];
}

/** Serves a backend on a free port of this machine, with health and reflection. */
export async function serve(
  backend: Backend,
  { accepts, alsoHealthy = [] }: ServerPolicy = {},
): Promise<RunningBackend> {
  const { unary, streaming } = handlers(accepts);
  const server = new Server();
  server.addService(SessionServiceService, {
    create: unary(backend.create),
    send: unary(backend.send),
    sendStream: streaming(backend.sendStream),
    end: unary(backend.end),
    get: unary(backend.get),
    list: unary(backend.list),
    listTurns: unary(backend.listTurns),
    watch: streaming(backend.watch),
    watchEndings: streaming(backend.watchEndings),
    cancel: unary(backend.cancel),
    resolveApproval: unary(backend.resolveApproval),
  });
  const healthy = ["", SERVICE, ...alsoHealthy].map((service) => [service, "SERVING"] as const);
  new HealthImplementation(Object.fromEntries(healthy)).addToServer(server);
  const format = "Protocol Buffer 3 DescriptorProto";
  const fileDescriptorProtos = await fileDescriptors();
  new ReflectionService({ fds: { format, type: {}, fileDescriptorProtos } }).addToServer(server);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) => {
      if (error) reject(error);
      else resolve(bound);
    });
  });
  return { address: `127.0.0.1:${port}`, [Symbol.dispose]: () => server.forceShutdown() };
}

const SERVICE = "amp.session.v1.SessionService";

/** How calls are handled by a server that lets in these tokens. */
function handlers(accepts: ServerPolicy["accepts"]) {
  function assertLetIn(metadata: Metadata): void {
    if (!accepts) return;
    const [header] = metadata.get("authorization");
    const [, token] = /^Bearer (.+)$/i.exec(String(header ?? "")) ?? [];
    if (token === undefined) throw unauthenticated(Reason.TOKEN_MISSING);
    if (!accepts(token)) throw unauthenticated(Reason.TOKEN_INVALID);
  }

  return {
    unary<Request, Response>(
      method: (request: Request, signal: AbortSignal) => Promise<Response>,
    ): handleUnaryCall<Request, Response> {
      return (call, callback) => {
        const answer = async () => {
          assertLetIn(call.metadata);
          return method(call.request, signalOf(call));
        };
        answer().then(
          (response) => callback(null, response),
          (failure) => callback(failure),
        );
      };
    },

    streaming<Request, Response>(
      method: (request: Request, signal: AbortSignal) => AsyncIterable<Response>,
    ): handleServerStreamingCall<Request, Response> {
      return (call) => {
        const signal = signalOf(call);
        const tell = async () => {
          assertLetIn(call.metadata);
          for await (const response of method(call.request, signal)) call.write(response);
          call.end();
        };
        tell().catch((failure) => {
          if (!signal.aborted) call.emit("error", failure);
        });
      };
    },
  };
}

/** Aborted when the caller has gone. */
function signalOf(call: { on(event: "cancelled", listener: () => void): unknown }): AbortSignal {
  const gone = new AbortController();
  call.on("cancelled", () => gone.abort());
  return gone.signal;
}
