import { connectSessions, SessionState } from "@amp/proto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type System, startSystem } from "./web-system.js";

let system: System;
beforeAll(async () => {
  system = await startSystem({ BACKEND_RETRY_WINDOW: "100ms" });
});
afterAll(() => system[Symbol.asyncDispose]());

const states = async () => {
  const { rows } = await system.pool.query<{ state: string }>("select state from web_mappings");
  return rows.map(({ state }) => state);
};

async function sessionsOnBackend(state: SessionState) {
  const client = connectSessions(system.backend.address);
  const { sessions } = await client.list({ state });
  client.close();
  return sessions.map(({ sessionId }) => sessionId);
}

test("an end that the backend could not be told of is told later", async () => {
  const sessionId = await system.web.begin();
  await system.backend.stop();
  expect(await system.web.post("/end")).toEqual({
    status: 200,
    body: { ended: true, session_id: sessionId, warning: expect.any(String) },
  });
  expect(await states()).toEqual(["ending"]);
  expect((await system.web.get("/session")).body["message"]).toContain("No active session.");
  await system.backend.start();
  await expect.poll(states).toEqual(["ended"]);
  expect(await sessionsOnBackend(SessionState.ENDED)).toEqual([sessionId]);
});

test("a session whose gateway died before it could tell of it does not live on", async () => {
  await system.pool.query("delete from web_mappings");
  // As a crash between the backend's answer and ours leaves it.
  const { rows } = await system.pool.query<{ mapping_id: string }>(
    `insert into web_mappings (user_id, agent, working_dir, description, last_active)
     values ('local', '', '', 'orphan', now() - interval '1 hour') returning mapping_id`,
  );
  const client = connectSessions(system.backend.address);
  const requestId = `web:${rows[0]?.mapping_id}`;
  const { session } = await client.create({ requestId, description: "orphan" });
  client.close();
  await expect.poll(states).toEqual([]);
  expect(await sessionsOnBackend(SessionState.ACTIVE)).not.toContain(session?.sessionId);
});

test("a repeat after such a crash finds the session that was begun", async () => {
  const { rows } = await system.pool.query<{ mapping_id: string }>(
    `insert into web_mappings (user_id, request_id, agent, working_dir, description)
     values ('local', 'crashed', '', '', '') returning mapping_id`,
  );
  const client = connectSessions(system.backend.address);
  const { session } = await client.create({ requestId: `web:${rows[0]?.mapping_id}` });
  client.close();
  expect(await system.web.begin({ request_id: "crashed" })).toBe(session?.sessionId);
  expect(await states()).toEqual(["active"]);
});

test("without a request id nobody can repeat, so that a failed opening is given up at once", async () => {
  await system.pool.query("delete from web_mappings");
  await system.backend.stop();
  expect((await system.web.post("/session", {})).status).toBe(503);
  expect(await states()).toEqual(["abandoned"]);
  expect((await system.web.get("/sessions")).body).toEqual({ sessions: [] });
  await system.backend.start();
  await expect.poll(states).toEqual([]);
});
