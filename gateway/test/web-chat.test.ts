import { connectSessions } from "@amp/proto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type System, startSystem } from "./web-system.js";

const ASYNC = { prefer: "respond-async" };

let system: System;
beforeAll(async () => {
  system = await startSystem({ BACKEND_RETRY_WINDOW: "5s", TURN_QUEUE_LIMIT: "2" });
});
afterAll(() => system[Symbol.asyncDispose]());
beforeEach(async () => {
  await system.pool.query("delete from web_mappings");
});

async function turnsOf(sessionId: string) {
  const { body } = await system.web.get(`/sessions/${sessionId}/transcript`);
  return body["turns"] as Record<string, unknown>[];
}

async function endOnBackend(sessionId: string): Promise<void> {
  const client = connectSessions(system.backend.address);
  await client.end({ sessionId, reason: "elsewhere" });
  client.close();
}

const DEAD = {
  status: 409,
  body: { error: "Session no longer exists. Create a new one.", session_connected: false },
};
const NONE = {
  status: 409,
  body: {
    error: "No active session. Create one first via POST /api/session.",
    session_connected: false,
  },
};

test("waits for the reply", async () => {
  const sessionId = await system.web.begin();
  expect(await system.web.post("/chat", { message: "hello there" })).toEqual({
    status: 200,
    body: {
      response: expect.stringContaining("hello there"),
      session_id: sessionId,
      session_connected: true,
    },
  });
});

test.each([[{}], [{ message: "" }], [{ message: null }]])("%j", async (body) => {
  const answer = await system.web.post("/chat", body);
  expect(answer).toEqual({ status: 400, body: { error: "message is required" } });
});

test("nothing was begun, or it was ended", async () => {
  expect(await system.web.post("/chat", { message: "hi" })).toEqual(NONE);
  expect(await system.web.post("/cancel", {})).toEqual(NONE);
  const sessionId = await system.web.begin();
  await system.web.post("/end");
  expect(await system.web.post("/chat", { message: "hi" })).toEqual(NONE);
  expect(await system.web.post("/chat", { message: "hi", session_id: sessionId })).toEqual(DEAD);
});

describe("a session that died on the backend", () => {
  test.each([
    ["waiting", {}],
    ["not waiting", ASYNC],
  ])("is 409 and deactivated, %s", async (_name, headers) => {
    const sessionId = await system.web.begin();
    await endOnBackend(sessionId);
    expect(await system.web.post("/chat", { message: "hi" }, headers)).toEqual(DEAD);
    const { rows } = await system.pool.query("select is_active, state from web_mappings");
    expect(rows).toEqual([{ is_active: false, state: "ended" }]);
    expect((await system.web.get("/session")).body).toMatchObject({ connected: false });
    expect(system.logs).toContainEqual(expect.objectContaining({ level: 40, session: sessionId }));
  });

  test("does not deactivate the one begun since", async () => {
    const dead = await system.web.begin();
    await endOnBackend(dead);
    const next = await system.web.begin();
    expect(await system.web.post("/chat", { message: "hi", session_id: dead })).toEqual(DEAD);
    expect(await system.web.post("/cancel", { session_id: dead })).toEqual(DEAD);
    expect(await system.web.get("/session")).toMatchObject({ body: { session_id: next } });
  });
});

describe("a backend that is away", () => {
  test("is 503 and the mapping is kept", async () => {
    await using impatient = await startSystem({ BACKEND_RETRY_WINDOW: "200ms" });
    const sessionId = await impatient.web.begin();
    await impatient.backend.stop();
    for (const headers of [{}, ASYNC]) {
      expect(await impatient.web.post("/chat", { message: "hi" }, headers)).toEqual({
        status: 503,
        body: { error: expect.any(String), session_connected: true },
      });
    }
    const { rows } = await impatient.pool.query("select is_active, session_id from web_mappings");
    expect(rows).toEqual([{ is_active: true, session_id: sessionId }]);
  });

  test("is not noticed when it is back soon", async () => {
    await system.web.begin();
    await system.backend.stop();
    const answer = system.web.post("/chat", { message: "are you there" });
    await system.backend.start();
    expect(await answer).toMatchObject({
      status: 200,
      body: { response: expect.stringContaining("are you there") },
    });
  });

  test("a turn in work when it restarts is answered once", async () => {
    const sessionId = await system.web.begin();
    const answer = system.web.post("/chat", { message: "slow 2", request_id: "r" });
    await expect.poll(() => turnsOf(sessionId)).toHaveLength(1);
    await system.backend.stop();
    await system.backend.start();
    expect(await answer).toMatchObject({ status: 200 });
    expect(await turnsOf(sessionId)).toMatchObject([{ state: "completed", request_id: "r" }]);
  });
});

describe("repeats", () => {
  test("with one request_id are one turn, at once and later", async () => {
    const sessionId = await system.web.begin();
    const body = { message: "slow 0.3", request_id: "once" };
    const answers = await Promise.all([
      system.web.post("/chat", body),
      system.web.post("/chat", body, ASYNC),
      system.web.post("/chat", body),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([200, 202, 200]);
    expect(await system.web.post("/chat", body)).toEqual(answers[0]);
    expect(await turnsOf(sessionId)).toHaveLength(1);
  });
});

describe("Prefer: respond-async", () => {
  test("is answered before the turn ends", async () => {
    const sessionId = await system.web.begin();
    const body = { message: "slow 60", request_id: "mine" };
    expect(await system.web.post("/chat", body, ASYNC)).toEqual({
      status: 202,
      body: { session_id: sessionId, request_id: "mine", seq: 1, session_connected: true },
    });
    expect(await turnsOf(sessionId)).toMatchObject([
      { seq: 1, state: "running", message: "slow 60", author: { surface: "web", user: "local" } },
    ]);
    expect(await system.web.post("/cancel", { seq: 1 })).toEqual({
      status: 200,
      body: { cancelled: true },
    });
    await expect.poll(() => turnsOf(sessionId)).toMatchObject([{ state: "cancelled" }]);
    expect((await system.web.post("/cancel", {})).body).toEqual({ cancelled: false });
  });

  test("a turn outlives the gateway that accepted it", async () => {
    const sessionId = await system.web.begin();
    {
      await using gateway = await system.anotherGateway();
      const url = `${gateway.url}/apps/web-chat/api/chat`;
      const headers = { "content-type": "application/json", ...ASYNC };
      const body = JSON.stringify({ message: "slow 0.5" });
      expect((await fetch(url, { method: "POST", headers, body })).status).toBe(202);
    }
    await expect.poll(() => turnsOf(sessionId)).toMatchObject([{ state: "completed" }]);
  });

  test("a turn that fails at once is accepted all the same, also when repeated", async () => {
    const sessionId = await system.web.begin();
    for (let seq = 1; seq <= 20; seq++) {
      const request_id = `fails ${seq}`;
      const accepted = {
        status: 202,
        body: { session_id: sessionId, request_id, seq, session_connected: true },
      };
      const body = { message: "fail", request_id };
      expect(await system.web.post("/chat", body, ASYNC)).toEqual(accepted);
      await expect
        .poll(async () => (await turnsOf(sessionId)).at(-1))
        .toMatchObject({
          state: "failed",
          request_id,
          failure: { message: expect.any(String) },
        });
      expect(await system.web.post("/chat", body, ASYNC)).toEqual(accepted);
    }
  });

  test("a repeat of a turn that was cancelled is accepted too", async () => {
    const sessionId = await system.web.begin();
    const body = { message: "slow 60", request_id: "c" };
    const accepted = await system.web.post("/chat", body, ASYNC);
    await system.web.post("/cancel");
    await expect.poll(() => turnsOf(sessionId)).toMatchObject([{ state: "cancelled" }]);
    expect(await system.web.post("/chat", body, ASYNC)).toEqual(accepted);
  });
});

describe("a turn that ends without a reply is told at once, and the mapping kept", () => {
  test("failed by its agent", async () => {
    await system.web.begin();
    expect(await system.web.post("/chat", { message: "fail" })).toEqual({
      status: 500,
      body: { error: expect.any(String), type: "TURN_FAILED", session_connected: true },
    });
    expect((await system.web.get("/session")).body["connected"]).toBe(true);
  });

  test("cancelled", async () => {
    const sessionId = await system.web.begin();
    const answer = system.web.post("/chat", { message: "slow 60" });
    await expect.poll(() => turnsOf(sessionId)).toHaveLength(1);
    await system.web.post("/cancel");
    expect(await answer).toMatchObject({ status: 500, body: { type: "TURN_CANCELLED" } });
  });

  test("its session was ended meanwhile", async () => {
    const sessionId = await system.web.begin();
    const answer = system.web.post("/chat", { message: "slow 60" });
    await expect.poll(() => turnsOf(sessionId)).toHaveLength(1);
    await system.web.post("/end");
    expect(await answer).toEqual(DEAD);
  });
});

test("a full queue is 429", async () => {
  await system.web.begin();
  for (const message of ["slow 60", "second"]) {
    expect((await system.web.post("/chat", { message }, ASYNC)).status).toBe(202);
  }
  expect(await system.web.post("/chat", { message: "third" })).toEqual({
    status: 429,
    body: { error: expect.any(String), session_connected: true },
  });
  await system.web.post("/end");
});

test("a cancel needs a proper seq", async () => {
  for (const seq of [0, -1, 1.5, "1"]) {
    const answer = await system.web.post("/cancel", { seq });
    const error = "seq must be a whole number from 1 to 2147483647";
    expect(answer).toEqual({ status: 400, body: { error } });
  }
});

describe("the transcript", () => {
  test("is read backwards from any turn, of an ended session too", async () => {
    const sessionId = await system.web.begin();
    for (const message of ["one", "two", "three"]) await system.web.post("/chat", { message });
    await system.web.post("/end");
    const path = `/sessions/${sessionId}/transcript`;
    const newest = await system.web.get(`${path}?limit=2`);
    expect(newest.body).toMatchObject({
      session_id: sessionId,
      turns: [{ message: "two" }, { message: "three", state: "completed", failure: null }],
      has_more: true,
    });
    const older = await system.web.get(`${path}?limit=2&before=2`);
    expect(older.body).toMatchObject({ turns: [{ message: "one" }], has_more: false });
    const none = await system.web.get(`${path}?before=1`);
    expect(none.body).toMatchObject({ turns: [], has_more: false });
    for (const before of [1_000, 2 ** 31 - 1]) {
      expect(await system.web.get(`${path}?limit=2&before=${before}`)).toEqual(newest);
    }
  });

  test("of long turns comes in parts, none of them too long for any message", async () => {
    const sessionId = await system.web.begin();
    for (let n = 0; n < 25; n++) await system.web.post("/chat", { message: "long 190000" });
    const path = `/sessions/${sessionId}/transcript`;
    const { status, body } = await system.web.get(`${path}?limit=200`);
    expect(status).toBe(200);
    expect(body["has_more"]).toBe(true);
    const turns = body["turns"] as { seq: number }[];
    expect(turns.map(({ seq }) => seq)).toEqual(Array.from({ length: 11 }, (_, i) => i + 15));
    const older = await system.web.get(`${path}?before=${turns[0]?.seq}`);
    expect(older.body).toMatchObject({ has_more: true });
    expect(older.body["turns"]).toHaveLength(11);
  });

  test.each(["limit=0", "limit=201", "limit=x", "before=0"])("%s is refused", async (query) => {
    const answer = await system.web.get(`/sessions/any/transcript?${query}`);
    expect(answer.status).toBe(400);
    expect(answer.body["error"]).toMatch(/^(limit|before) must be a whole number/);
  });
});
