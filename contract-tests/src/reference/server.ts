import { fileDescriptors, SessionServiceService } from "@amp/proto";
import {
  type handleServerStreamingCall,
  type handleUnaryCall,
  Server,
  ServerCredentials,
} from "@grpc/grpc-js";
import { ReflectionService } from "@grpc/reflection";
import { HealthImplementation } from "grpc-health-check";
import type { Backend } from "./contract.js";

/** A backend that listens. */
export interface RunningBackend extends Disposable {
  /** `host:port`. */
  address: string;
}

/** Serves a backend on a free port of this machine, with health and reflection. */
export async function serve(backend: Backend): Promise<RunningBackend> {
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
  new HealthImplementation({
    "": "SERVING",
    [SERVICE]: "SERVING",
  }).addToServer(server);
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

function unary<Request, Response>(
  method: (request: Request, signal: AbortSignal) => Promise<Response>,
): handleUnaryCall<Request, Response> {
  return (call, callback) => {
    method(call.request, signalOf(call)).then(
      (response) => callback(null, response),
      (failure) => callback(failure),
    );
  };
}

function streaming<Request, Response>(
  method: (request: Request, signal: AbortSignal) => AsyncIterable<Response>,
): handleServerStreamingCall<Request, Response> {
  return (call) => {
    const signal = signalOf(call);
    const tell = async () => {
      for await (const response of method(call.request, signal)) call.write(response);
      call.end();
    };
    tell().catch((failure) => {
      if (!signal.aborted) call.emit("error", failure);
    });
  };
}

/** Aborted when the caller has gone. */
function signalOf(call: { on(event: "cancelled", listener: () => void): unknown }): AbortSignal {
  const gone = new AbortController();
  call.on("cancelled", () => gone.abort());
  return gone.signal;
}
