import { connectSessions } from "@amp/proto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type System, startSystem } from "./web-system.js";

let system: System;
beforeAll(async () => {
  system = await startSystem({ BACKEND_RETRY_WINDOW: "300ms" });
});
afterAll(() => system[Symbol.asyncDispose]());
beforeEach(async () => {
  await system.pool.query("delete from web_mappings");
});

const NOT_CONNECTED = { connected: false, session_id: null };

async function endOnBackend(sessionId: string): Promise<void> {
  const client = connectSessions(system.backend.address);
  await client.end({ sessionId, reason: "elsewhere" });
  client.close();
}

async function listed() {
  const { body } = await system.web.get("/sessions");
  return body["sessions"] as Record<string, unknown>[];
}

describe("GET /session", () => {
  test("nothing was begun", async () => {
    const message = "No active session. Click 'New Session' to start.";
    const answer = await system.web.get("/session");
    expect(answer).toEqual({ status: 200, body: { ...NOT_CONNECTED, message } });
  });

  test("an active session", async () => {
    const begun = await system.web.post("/session", {});
    const answer = await system.web.get("/session");
    expect(answer).toEqual({ status: 200, body: { connected: true, ...begun.body } });
  });

  test("one that died on the backend is deactivated", async () => {
    const sessionId = await system.web.begin();
    await endOnBackend(sessionId);
    const message = "Previous session ended. Start a new one.";
    const answer = await system.web.get("/session");
    expect(answer).toEqual({ status: 200, body: { ...NOT_CONNECTED, message } });
    expect(await listed()).toMatchObject([{ is_active: false, state: "ended" }]);
    expect(system.logs).toContainEqual(
      expect.objectContaining({ level: 40, session: sessionId, user: "local" }),
    );
  });

  test("a backend that is away ends nothing", async () => {
    await system.web.begin();
    await system.backend.stop();
    const message = "Server services not ready. Is the server fully started?";
    const answer = await system.web.get("/session");
    expect(answer).toEqual({ status: 200, body: { ...NOT_CONNECTED, message } });
    await system.backend.start();
    expect((await system.web.get("/session")).body).toMatchObject({ connected: true });
  });
});

describe("POST /session", () => {
  test("no body is needed", async () => {
    const { status, body } = await system.web.post("/session");
    expect(status).toBe(200);
    expect(Object.keys(body).sort()).toEqual(["project_id", "session_id", "working_dir"]);
    expect(await listed()).toMatchObject([{ description: "Web chat session", is_active: true }]);
  });

  test("the one before is put aside, and lives on", async () => {
    const first = await system.web.begin();
    const second = await system.web.begin({ description: "next" });
    expect(await listed()).toMatchObject([
      { session_id: second, is_active: true, state: "active", description: "next" },
      { session_id: first, is_active: false, state: "active" },
    ]);
  });

  test("repeats with one request_id are one session, also at once", async () => {
    const body = { request_id: "r1" };
    const ids = await Promise.all(Array.from({ length: 8 }, () => system.web.begin(body)));
    expect(new Set(ids).size).toBe(1);
    await system.web.begin();
    expect(await system.web.begin(body)).toBe(ids[0]);
    expect(await listed()).toMatchObject([{ is_active: true }, { is_active: false }]);
  });

  test("many at once leave exactly one active", async () => {
    const ids = await Promise.all(Array.from({ length: 10 }, () => system.web.begin()));
    expect(new Set(ids).size).toBe(10);
    const sessions = await listed();
    expect(sessions.filter(({ is_active }) => is_active)).toHaveLength(1);
    expect((await system.web.get("/session")).body["connected"]).toBe(true);
  });

  test.each([
    [{ description: 7 }, "description must be a string"],
    [{ description: "x".repeat(1001) }, "description must have at most 1000 characters"],
    [{ agent: "a\0b" }, "agent must not contain NUL characters or lone surrogates"],
    [{ request_id: "" }, "request_id must not be empty"],
    [[], "The body must be a JSON object"],
  ])("%j is refused", async (body, error) => {
    expect(await system.web.post("/session", body)).toEqual({ status: 400, body: { error } });
  });

  test("what the backend refuses leaves nothing behind", async () => {
    const refused = await system.web.post("/session", { agent: "nobody" });
    expect(refused).toMatchObject({ status: 400, body: { error: expect.any(String) } });
    const forbidden = await system.web.post("/session", { working_dir: "/" });
    expect(forbidden).toMatchObject({ status: 403, body: { type: "WORKING_DIR_FORBIDDEN" } });
    const { rowCount } = await system.pool.query("select from web_mappings");
    expect(rowCount).toBe(0);
  });

  test("503 while the backend is away; a repeat then succeeds", async () => {
    await system.backend.stop();
    const refused = await system.web.post("/session", { request_id: "later" });
    expect(refused).toEqual({ status: 503, body: { error: expect.any(String) } });
    await system.backend.start();
    await expect
      .poll(() => system.web.post("/session", { request_id: "later" }))
      .toMatchObject({
        status: 200,
      });
    expect(await listed()).toHaveLength(1);
  });
});

describe("GET /sessions", () => {
  test("has the whole entry, the last active first", async () => {
    const first = await system.web.begin({ description: "one" });
    const second = await system.web.begin({ description: "two" });
    await system.web.post("/chat", { message: "hi", session_id: first });
    const sessions = await listed();
    expect(sessions.map(({ session_id }) => session_id)).toEqual([first, second]);
    const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    expect(sessions[1]).toEqual({
      session_id: second,
      description: "two",
      created_at: time,
      last_active: time,
      is_active: true,
      project_id: expect.any(String),
      state: "active",
      surface: "web",
    });
  });

  test("holds nothing of other users, and none of their sessions can be touched", async () => {
    const sessionId = await system.web.begin();
    await system.pool.query("update web_mappings set user_id = 'somebody else'");
    expect(await listed()).toEqual([]);
    const error = `Session '${sessionId}' not found`;
    const refused = { status: 404, body: { error, session_connected: false } };
    const named = { session_id: sessionId };
    expect(await system.web.post("/chat", { message: "hi", ...named })).toEqual(refused);
    for (const path of ["/end", "/cancel", "/session/resume"]) {
      expect(await system.web.post(path, named)).toEqual(refused);
    }
    for (const path of [`/sessions/${sessionId}/transcript`, `/events?session=${sessionId}`]) {
      expect(await system.web.get(path)).toEqual(refused);
    }
  });
});

describe("POST /session/resume", () => {
  test("switches to a session that was put aside", async () => {
    const first = await system.web.begin();
    const second = await system.web.begin();
    expect(await system.web.post("/session/resume", { session_id: first })).toEqual({
      status: 200,
      body: { session_id: first, resumed: true },
    });
    expect(await listed()).toMatchObject([
      { session_id: first, is_active: true },
      { session_id: second, is_active: false, state: "active" },
    ]);
  });

  test.each([[{}], [{ session_id: null }], [{ session_id: "" }]])("%j", async (body) => {
    const answer = await system.web.post("/session/resume", body);
    expect(answer).toEqual({ status: 400, body: { error: "session_id is required" } });
  });

  test("unknown and dead ones are 404", async () => {
    expect(await system.web.post("/session/resume", { session_id: "nope" })).toMatchObject({
      status: 404,
      body: { error: "Session 'nope' not found" },
    });
    const dead = await system.web.begin();
    await endOnBackend(dead);
    const next = await system.web.begin();
    expect(await system.web.post("/session/resume", { session_id: dead })).toMatchObject({
      status: 404,
      body: { error: `Session '${dead}' has ended` },
    });
    expect(await system.web.get("/session")).toMatchObject({ body: { session_id: next } });
  });
});

describe("POST /end", () => {
  test("nothing to end", async () => {
    const body = { ended: false, message: "No active session." };
    expect(await system.web.post("/end")).toEqual({ status: 200, body });
  });

  test("ends the active session on the backend too, and can be repeated", async () => {
    const sessionId = await system.web.begin();
    const ended = { status: 200, body: { ended: true, session_id: sessionId } };
    expect(await system.web.post("/end")).toEqual(ended);
    expect((await system.web.get("/session")).body["connected"]).toBe(false);
    expect(await system.web.post("/end", { session_id: sessionId })).toEqual(ended);
    const client = connectSessions(system.backend.address);
    await expect(client.send({ sessionId, message: "hi" })).rejects.toMatchObject({ code: 5 });
    client.close();
  });

  test("ends a named one and leaves the active one", async () => {
    const first = await system.web.begin();
    const second = await system.web.begin();
    await system.web.post("/end", { session_id: first });
    expect(await listed()).toMatchObject([
      { session_id: second, is_active: true },
      { session_id: first, state: "ended" },
    ]);
  });
});

describe("words that a database cannot hold", () => {
  test.each([
    ["nul \0 in it", "nul \ufffd in it"],
    ["half \ud83d of it", "half \ufffd of it"],
    ["other half \ude80", "other half \ufffd"],
    ["\0", "\ufffd"],
    ["whole \u{1f680}", "whole \u{1f680}"],
  ])("%j is taken, and kept as %j", async (words, kept) => {
    const sessionId = await system.web.begin({ description: words });
    expect(await listed()).toMatchObject([{ description: kept }]);
    const { status } = await system.web.post("/chat", { message: words });
    expect(status).toBe(200);
    const { body } = await system.web.get(`/sessions/${sessionId}/transcript`);
    expect(body["turns"]).toMatchObject([{ message: kept }]);
  });

  test.each([
    ["/chat", { message: "hi", session_id: "\0" }],
    ["/chat", { message: "hi", request_id: "\ud800" }],
    ["/session", { agent: "\0" }],
    ["/session", { working_dir: "/tmp/\ud800" }],
    ["/end", { session_id: "\ude80" }],
    ["/session/resume", { session_id: "a\0" }],
    ["/approval", { approval_id: "\0", option_id: "x" }],
  ])("names are refused: %s %j", async (path, body) => {
    const answer = await system.web.post(path, body);
    expect(answer).toMatchObject({
      status: 400,
      body: { error: expect.stringContaining("NUL characters or lone surrogates") },
    });
  });
});
