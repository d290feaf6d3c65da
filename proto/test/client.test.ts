import {
  connectSessions,
  errorDetails,
  type GetRequest,
  GetResponse,
  Reason,
  richError,
  type SendStreamRequest,
  type SendStreamResponse,
  SessionServiceService,
} from "@amp/proto";
import {
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServerWritableStream,
  type ServiceError,
  type sendUnaryData,
  status,
} from "@grpc/grpc-js";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

type Get = (
  call: ServerUnaryCall<GetRequest, GetResponse>,
  done: sendUnaryData<GetResponse>,
) => void;
type SendStream = (call: ServerWritableStream<SendStreamRequest, SendStreamResponse>) => void;

let server: Server;
let address: string;
let get: Get;
let sendStream: SendStream;

beforeEach(async () => {
  server = new Server();
  server.addService(
    { get: SessionServiceService.get, sendStream: SessionServiceService.sendStream },
    {
      get: ((call, done) => get(call, done)) as Get,
      sendStream: ((call) => sendStream(call)) as SendStream,
    },
  );
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  address = `127.0.0.1:${port}`;
});

afterEach(() => server.forceShutdown());

test("an error arrives with its reason and metadata, a long text cut", async () => {
  get = (_call, done) =>
    done(
      richError(status.NOT_FOUND, "gone ".repeat(50_000), {
        reason: Reason.SESSION_ENDED,
        metadata: { session_id: "s1" },
      }),
    );
  const client = connectSessions(address);
  const error = await client.get({ sessionId: "s1" }).catch((caught: ServiceError) => caught);
  client.close();
  expect(error).toMatchObject({ code: status.NOT_FOUND });
  expect((error as ServiceError).details).toMatch(/^gone /);
  expect(errorDetails(error as ServiceError)).toEqual({
    reason: "SESSION_ENDED",
    metadata: { session_id: "s1" },
  });
});

test("an error that no backend sent has no details", async () => {
  const client = connectSessions("127.0.0.1:1");
  const error = await client.get({}).catch((caught: ServiceError) => caught);
  client.close();
  expect(error).toMatchObject({ code: status.UNAVAILABLE });
  expect(errorDetails(error as ServiceError)).toBeUndefined();
});

test("what is not a serialized status has no details, and does not throw", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      const metadata = richError(status.INTERNAL, "", {
        reason: Reason.INTERNAL,
        metadata: {},
      }).metadata;
      metadata.set("grpc-status-details-bin", Buffer.from(bytes));
      const details = errorDetails({ metadata });
      expect(details === undefined || typeof details.reason === "string").toBe(true);
    }),
  );
});

test("the token is sent as a bearer token", async () => {
  get = (call, done) => {
    const sessionId = String(call.metadata.get("authorization")[0]);
    done(null, GetResponse.fromPartial({ session: { sessionId } }));
  };
  const client = connectSessions(address, { token: "secret" });
  const { session } = await client.get({});
  client.close();
  expect(session?.sessionId).toBe("Bearer secret");
});

test("a signal cancels a call in flight, or one not yet begun", async () => {
  const called = vi.fn();
  get = called;
  const client = connectSessions(address);
  const abort = new AbortController();
  const waiting = client.get({}, { signal: abort.signal });
  waiting.catch(() => {});
  await vi.waitFor(() => expect(called).toHaveBeenCalled());
  abort.abort();
  await expect(waiting).rejects.toMatchObject({ code: status.CANCELLED });
  await expect(client.get({}, { signal: abort.signal })).rejects.toMatchObject({
    code: status.CANCELLED,
  });
  client.close();
});

test("a timeout ends the call with DEADLINE_EXCEEDED", async () => {
  get = () => {};
  const client = connectSessions(address);
  await expect(client.get({}, { timeout: 50 })).rejects.toMatchObject({
    code: status.DEADLINE_EXCEEDED,
  });
  client.close();
});

test("whoever leaves a stream cancels it on the server", async () => {
  const cancelled = vi.fn();
  sendStream = (call) => {
    call.on("cancelled", cancelled);
    call.write({ event: { seq: 7, event: undefined } });
  };
  const client = connectSessions(address);
  for await (const { event } of client.sendStream({ sessionId: "s" })) {
    expect(event?.seq).toBe(7);
    break;
  }
  await vi.waitFor(() => expect(cancelled).toHaveBeenCalled());
  client.close();
});

test("a stream that fails in the middle throws after what came before", async () => {
  sendStream = (call) => {
    call.write({ event: { seq: 1, event: undefined } });
    call.emit("error", { code: status.UNAVAILABLE, details: "draining" });
  };
  const client = connectSessions(address);
  const seen: unknown[] = [];
  const reading = (async () => {
    for await (const message of client.sendStream({})) seen.push(message.event?.seq);
  })();
  await expect(reading).rejects.toMatchObject({ code: status.UNAVAILABLE });
  client.close();
  expect(seen).toEqual([1]);
});
