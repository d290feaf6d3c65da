import { type Reason, richError, SessionServiceService } from "@amp/proto";
import {
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServerWritableStream,
  type status,
} from "@grpc/grpc-js";

/** What a scripted call does. */
type Step<Message> = Message | Error | "hang";

/** A gRPC server whose every answer a test wrote down. */
export interface ScriptedBackend extends AsyncDisposable {
  address: string;
  /** How often it was called, whatever the method. */
  calls: unknown[];
  /** How often it was asked whether it is there. */
  probes: number;
}

/** An error as the contract has it; without a reason, as gRPC itself makes them. */
export function failure(code: status, reason?: Reason, text = "because"): Error {
  const error = reason ? richError(code, text, { reason, metadata: {} }) : { code, details: text };
  return Object.assign(new Error(text), error);
}

/**
 * Starts one on a free port. Each unary call takes the next of `unary`, each
 * stream the next of `streams`, told to its end; the last one stays. `List`,
 * by which the client looks whether the backend is there, always answers.
 */
export async function scriptedBackend(script: {
  unary?: Step<object>[];
  streams?: Step<object>[][];
}): Promise<ScriptedBackend> {
  const calls: unknown[] = [];
  const server = new Server();
  const backend: ScriptedBackend = {
    address: "",
    calls,
    probes: 0,
    async [Symbol.asyncDispose]() {
      server.forceShutdown();
    },
  };
  const next = <T>(steps: T[] | undefined): T | undefined =>
    steps && steps.length > 1 ? steps.shift() : steps?.[0];

  function unary(
    call: ServerUnaryCall<unknown, object>,
    answer: (error: Error | null, response?: object) => void,
  ) {
    calls.push(call.request);
    const step = next(script.unary);
    if (step instanceof Error) answer(step);
    else if (step !== "hang") answer(null, step);
  }
  function streaming(call: ServerWritableStream<unknown, object>) {
    calls.push(call.request);
    for (const step of next(script.streams) ?? []) {
      if (step === "hang") return;
      if (step instanceof Error) return void call.emit("error", step);
      call.write(step);
    }
    call.end();
  }

  const handlers = Object.entries(SessionServiceService).map(([name, { responseStream }]) => [
    name,
    responseStream ? streaming : unary,
  ]);
  const list: typeof unary = (_call, answer) => {
    backend.probes += 1;
    answer(null, {});
  };
  server.addService(SessionServiceService, { ...Object.fromEntries(handlers), list });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  backend.address = `127.0.0.1:${port}`;
  return backend;
}
