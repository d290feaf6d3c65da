import { gzipSync } from "node:zlib";
import { CreateRequest, connectSessions, type SessionClient } from "@amp/proto";
import { type ServiceError, status } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { failure, newSession, type TestBackend, testBackend } from "./backend.js";
import { framed, rawConnection } from "./raw-call.js";

let running: TestBackend;
let sessionId: string;

beforeAll(async () => {
  running = await testBackend();
  sessionId = await newSession(running.sessions);
});
afterAll(() => running[Symbol.asyncDispose]());

/** Headers and trailers of one answer that every gRPC client takes, the C core's 8 KB among them. */
const SOFT_LIMIT = 8_192;

const INVALID = { code: status.INVALID_ARGUMENT, reason: "INVALID_FIELD" };

describe("a field of any length is answered at once, and costs no other call anything", () => {
  const calls: [field: string, (sessions: SessionClient, text: string) => Promise<unknown>][] = [
    ["session_id", (sessions, sessionId) => sessions.get({ sessionId })],
    ["session_id", (sessions, sessionId) => sessions.send({ sessionId, message: "x" })],
    [
      "session_id",
      (sessions, sessionId) => sessions.sendStream({ sessionId, message: "x" }).next(),
    ],
    ["session_id", (sessions, sessionId) => sessions.end({ sessionId })],
    ["session_id", (sessions, sessionId) => sessions.listTurns({ sessionId })],
    ["session_id", (sessions, sessionId) => sessions.watch({ sessionId }).next()],
    ["session_id", (sessions, sessionId) => sessions.cancel({ sessionId })],
    ["session_id", (sessions, sessionId) => sessions.resolveApproval({ sessionId })],
    ["session_ids", (sessions, text) => sessions.list({ sessionIds: [text] })],
    ["id_prefix", (sessions, idPrefix) => sessions.list({ idPrefix })],
    ["project", (sessions, project) => sessions.list({ project })],
    ["surface", (sessions, surface) => sessions.list({ surface })],
    ["page_token", (sessions, pageToken) => sessions.list({ pageToken })],
    ["page_token", (sessions, pageToken) => sessions.listTurns({ sessionId, pageToken })],
    ["cursor", (sessions, cursor) => sessions.watchEndings({ cursor }).next()],
    ["request_id", (sessions, requestId) => sessions.create({ requestId })],
    ["request_id", (sessions, requestId) => sessions.send({ sessionId, message: "x", requestId })],
    ["agent", (sessions, agent) => sessions.create({ agent })],
    ["working_dir", (sessions, workingDir) => sessions.create({ workingDir })],
    ["description", (sessions, description) => sessions.create({ description })],
    ["origin.user", (sessions, user) => sessions.create({ origin: { user } })],
    ["reason", (sessions, reason) => sessions.end({ sessionId, reason })],
    ["approval_id", (sessions, approvalId) => sessions.resolveApproval({ sessionId, approvalId })],
    [
      "option_id",
      (sessions, optionId) => sessions.resolveApproval({ sessionId, approvalId: "a", optionId }),
    ],
  ];

  test.each(calls)("%s, %s", async (field, call) => {
    const { sessions, backend } = running;
    const watch = sessions.watch({ sessionId });
    await watch.next();
    for (const text of [
      "x".repeat(70_000),
      "x".repeat(200_000),
      "\u65e5".repeat(70_000),
      "\u{1F600}".repeat(2_100),
      "%".repeat(200_000),
      "\n\u00e4 ".repeat(50_000),
      `${"x".repeat(4_097)}\0`,
    ]) {
      expect(await failure(call(sessions, text))).toEqual({ ...INVALID, field });
    }
    // The watch still hears what happens, on the same connection.
    const heard = watch.next();
    await sessions.send({ sessionId, message: "still here?" });
    expect((await heard).value).toBeDefined();
    await watch.return();
    const other = connectSessions(backend.address);
    expect(await other.get({ sessionId })).toMatchObject({ session: { sessionId } });
    other.close();
  });

  test("of an id that is too long the answer holds no more than every client takes", async () => {
    using raw = rawConnection(running.backend.address);
    for (const text of ["x".repeat(200_000), "\u65e5".repeat(60_000), "%/ ".repeat(60_000)]) {
      // Field 1 is session_id here, and description's neighbour agent in Create.
      const message = Buffer.from(
        CreateRequest.encode(CreateRequest.fromPartial({ agent: text })).finish(),
      );
      for (const method of ["Get", "Send", "Create", "Watch", "ResolveApproval"]) {
        const answer = await raw.call(method, { message });
        expect(answer).toMatchObject({ code: "INVALID_ARGUMENT", reason: "INVALID_FIELD" });
        expect(answer.bytes).toBeLessThan(SOFT_LIMIT);
      }
    }
  });
});

describe("metadata", () => {
  test.each([
    ["authorization", { authorization: `Bearer ${"x".repeat(40_000)}` }],
    ["x-note", { "x-note": "y".repeat(60_000) }],
    [
      "x-30",
      Object.fromEntries(
        Array.from({ length: 60 }, (_, n) => [`x-${n}`, "z".repeat(n === 30 ? 1_000 : 600)]),
      ),
    ],
    ["grpc-trace-bin", { "grpc-trace-bin": Buffer.alloc(36_000).toString("base64") }],
  ])("%s that is too long is refused by name", async (name, headers) => {
    using raw = rawConnection(running.backend.address);
    expect(await raw.call("List", { headers })).toMatchObject({
      code: "INVALID_ARGUMENT",
      reason: "INVALID_FIELD",
      field: `metadata ${name}`,
    });
    expect(await raw.call("List")).toMatchObject({ code: "OK" });
  });

  test("20 KB of it are taken", async () => {
    using raw = rawConnection(running.backend.address);
    const headers = { "x-note": "y".repeat(20_000) };
    expect(await raw.call("List", { headers })).toMatchObject({ code: "OK" });
  });
});

describe("bytes that are no message", () => {
  test.each([
    ["cut off", Buffer.from([0x0a, 0xff])],
    ["a varint without end", Buffer.alloc(30, 0xff)],
    ["deep groups", Buffer.alloc(1_000_000, 0x4b)],
    ["JSON", Buffer.from('{"session_id":"x"}')],
    ["wire type 7", Buffer.from([0x0f, 0x01])],
  ])("%s", async (_name, message) => {
    using raw = rawConnection(running.backend.address);
    for (const method of ["Get", "List", "Create", "Watch", "WatchEndings", "SendStream"]) {
      expect(await raw.call(method, { message })).toMatchObject({
        code: "INVALID_ARGUMENT",
        reason: "INVALID_FIELD",
        field: "request",
      });
    }
    expect(await raw.call("List")).toMatchObject({ code: "OK" });
  });
});

describe("whole numbers", () => {
  const MAX = 2 ** 31 - 1;
  test.each([
    ["seq", (sessions: SessionClient) => sessions.cancel({ sessionId, seq: -1 })],
    ["from_seq", (sessions: SessionClient) => sessions.listTurns({ sessionId, fromSeq: -MAX - 1 })],
    ["page_size", (sessions: SessionClient) => sessions.list({ pageSize: MAX })],
    ["page_size", (sessions: SessionClient) => sessions.listTurns({ sessionId, pageSize: MAX })],
    ["state", (sessions: SessionClient) => sessions.list({ state: MAX as 1 })],
    ["state", (sessions: SessionClient) => sessions.list({ state: -7 as 1 })],
  ])("%s out of bounds", async (field, call) => {
    expect(await failure(call(running.sessions))).toEqual({ ...INVALID, field });
  });

  test("the greatest seq is one that no turn has", async () => {
    const { sessions } = running;
    expect(await sessions.cancel({ sessionId, seq: MAX })).toEqual({ cancelled: false });
    for (const newestFirst of [true, false]) {
      const { turns } = await sessions.listTurns({ sessionId, fromSeq: MAX, newestFirst });
      expect(turns.every(({ seq }) => newestFirst && seq < MAX)).toBe(true);
    }
  });
});

describe("without a token", () => {
  const TOKENS = { BACKEND_TOKENS: "gateway:alpha, beta" };

  test("a call is answered before its message is there, and its message never decoded", async () => {
    await using guarded = await testBackend(TOKENS);
    using raw = rawConnection(guarded.backend.address);
    const bomb = framed(gzipSync(Buffer.alloc(3_000_000)), true);
    for (const request of [
      { frames: Buffer.from([0, 0, 0x3d, 0x09, 0x00]), unfinished: true },
      { frames: bomb, headers: { "grpc-encoding": "gzip" } },
      { frames: framed(Buffer.alloc(3, 0xff)) },
    ]) {
      for (const method of ["Send", "List", "WatchEndings"]) {
        const headers = { ...request.headers };
        expect(await raw.call(method, { ...request, headers })).toMatchObject({
          code: "UNAUTHENTICATED",
          reason: "TOKEN_MISSING",
        });
        const wrong = { ...headers, authorization: "Bearer gamma" };
        expect(await raw.call(method, { ...request, headers: wrong })).toMatchObject({
          code: "UNAUTHENTICATED",
          reason: "TOKEN_INVALID",
        });
      }
    }
  });

  test.each([
    ["alph", "TOKEN_INVALID"],
    ["alphaa", "TOKEN_INVALID"],
    ["ALPHA", "TOKEN_INVALID"],
    ["Alpha", "TOKEN_INVALID"],
    ["gateway:alpha", "TOKEN_INVALID"],
    ["gateway", "TOKEN_INVALID"],
    ["token-2", "TOKEN_INVALID"],
    ["alpha,beta", "TOKEN_INVALID"],
    ["alpha beta", "TOKEN_MISSING"],
    ["", "TOKEN_MISSING"],
  ])("%j is none", async (token, reason) => {
    await using guarded = await testBackend(TOKENS);
    using raw = rawConnection(guarded.backend.address);
    const headers = { authorization: `Bearer ${token}` };
    expect(await raw.call("List", { headers })).toMatchObject({ code: "UNAUTHENTICATED", reason });
  });

  test("health and reflection answer, and with a token everything does", async () => {
    await using guarded = await testBackend(TOKENS);
    using raw = rawConnection(guarded.backend.address);
    expect(await raw.call("/grpc.health.v1.Health/Check")).toMatchObject({ code: "OK" });
    for (const token of ["alpha", "beta"]) {
      const headers = { authorization: `bearer ${token}` };
      expect(await raw.call("List", { headers })).toMatchObject({ code: "OK" });
    }
  });
});

test("a request that does not come to an end is given up", async () => {
  await using patient = await testBackend({}, { receiveTimeout: 200 });
  using raw = rawConnection(patient.backend.address);
  for (const method of ["Send", "Watch", "/grpc.health.v1.Health/Check"]) {
    const frames = Buffer.from([0, 0, 0, 1, 0, 1]);
    expect(await raw.call(method, { frames, unfinished: true })).toMatchObject({
      code: "DEADLINE_EXCEEDED",
      field: "request",
    });
  }
  expect(await raw.call("List")).toMatchObject({ code: "OK" });
});

test("calls at once on one connection are bounded", async () => {
  using raw = rawConnection(running.backend.address);
  expect(await raw.maxStreams()).toBe(15_000);
});

test("errors are told in whole characters", async () => {
  const { sessions } = running;
  const thrown = await sessions
    .get({ sessionId: `${"x".repeat(199)}\u{1F600}` })
    .catch((error: ServiceError) => error);
  expect(thrown).toMatchObject({ code: status.INVALID_ARGUMENT });
});
