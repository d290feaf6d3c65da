import { connectSessions } from "@amp/proto";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type EventReader, type Json, WebClient } from "./web-client.js";
import { type System, startSystem } from "./web-system.js";

let system: System;
beforeAll(async () => {
  system = await startSystem({ BACKEND_RETRY_WINDOW: "5s" });
});
afterAll(() => system[Symbol.asyncDispose]());
beforeEach(async () => {
  await system.pool.query("delete from web_mappings");
});

const ASYNC = { prefer: "respond-async" };
const ME = { surface: "web", user: "local", display_name: "" };
const ADA = { surface: "slack", user: "U1", displayName: "Ada" };
const TIME = expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/);

const PENDING = {
  approval_id: expect.any(String),
  seq: 1,
  tool_call_id: "write-1",
  title: "Write to the demo file",
  content: expect.stringContaining("approve"),
  options: [
    { option_id: "allow", label: "Allow", kind: "allow_once" },
    { option_id: "reject", label: "Reject", kind: "reject_once" },
  ],
  state: "pending",
  option_id: "",
  decided_by: null,
  requested_at: TIME,
  resolved_at: null,
};
const ALLOWED = {
  ...PENDING,
  state: "decided",
  option_id: "allow",
  decided_by: ME,
  resolved_at: TIME,
};

/** What the stream has told of questions. */
function told(events: EventReader): Json[] {
  const turns = events.of("turn").filter(({ type }) => type === "approval");
  return turns.map(({ approval }) => approval as Json);
}

/** Lets the agent ask in a session. Returns the stream and the question. */
async function asked(web: WebClient, sessionId: string, message = "approve it") {
  const events = await web.events(sessionId);
  await expect.poll(() => events.of("snapshot")).toHaveLength(1);
  expect((await web.post("/chat", { message }, ASYNC)).status).toBe(202);
  await expect.poll(() => told(events)).toHaveLength(1);
  return { events, id: String(told(events)[0]?.["approval_id"]) };
}

/** The last turn, once the stream has told its end. */
async function over(events: EventReader): Promise<Json> {
  const end = () => events.of("turn").findLast(({ turn }) => (turn as Json)?.["finished_at"]);
  await expect.poll(end).toBeDefined();
  return end()?.["turn"] as Json;
}

test("a question is asked over the stream, answered by POST, and told again", async () => {
  const sessionId = await system.web.begin();
  const { events, id } = await asked(system.web, sessionId);
  await using _ = events;
  expect(told(events)).toEqual([PENDING]);

  const answer = { session_id: sessionId, approval_id: id, option_id: "allow" };
  const accepted = { status: 200, body: { approval: ALLOWED } };
  expect(await system.web.post("/approval", answer)).toEqual(accepted);
  expect(await over(events)).toMatchObject({
    state: "completed",
    reply: expect.stringContaining("Your answer was: Allow."),
    tool_calls: [{ id: "write-1", status: "completed" }],
    approvals: [ALLOWED],
  });
  expect(told(events)).toEqual([PENDING, ALLOWED]);

  expect(await system.web.post("/approval", answer)).toEqual(accepted);
  expect(await system.web.post("/approval", { ...answer, option_id: "reject" })).toEqual({
    status: 409,
    body: {
      error: expect.stringContaining('Already answered: "Allow"'),
      type: "APPROVAL_DECIDED",
      session_connected: true,
    },
  });
  const { body } = await system.web.get(`/sessions/${sessionId}/transcript`);
  expect(body).toMatchObject({ turns: [{ approvals: [ALLOWED] }] });
});

test("one question after the other, in the active session", async () => {
  const { events, id } = await asked(system.web, await system.web.begin(), "approve 2");
  await using _ = events;
  await system.web.post("/approval", { approval_id: id, option_id: "allow" });
  const open = () => told(events).find(({ tool_call_id }) => tool_call_id === "write-2");
  await expect.poll(open).toBeDefined();
  const next = String(open()?.["approval_id"]);
  expect(next).not.toBe(id);
  await system.web.post("/approval", { approval_id: next, option_id: "reject" });
  expect(await over(events)).toMatchObject({
    reply: expect.stringContaining("Your answers were: Allow, Reject."),
    approvals: [{ option_id: "allow" }, { option_id: "reject" }],
  });
});

test("who answers elsewhere is told here, and is first", async () => {
  const sessionId = await system.web.begin();
  const { events, id } = await asked(system.web, sessionId);
  await using _ = events;
  const client = connectSessions(system.backend.address);
  await client.resolveApproval({
    sessionId,
    approvalId: id,
    optionId: "reject",
    decidedBy: ADA,
  });
  client.close();
  const ada = { surface: "slack", user: "U1", display_name: "Ada" };
  await expect
    .poll(() => told(events).at(-1))
    .toMatchObject({ state: "decided", option_id: "reject", decided_by: ada });
  expect(
    await system.web.post("/approval", { approval_id: id, option_id: "reject" }),
  ).toMatchObject({ status: 409, body: { error: 'Already answered: "Reject", by Ada.' } });
});

test("a question that nobody answered before its turn was stopped is over", async () => {
  const { events, id } = await asked(system.web, await system.web.begin());
  await using _ = events;
  await system.web.post("/cancel", {});
  expect(await over(events)).toMatchObject({
    state: "cancelled",
    approvals: [{ approval_id: id, state: "expired", resolved_at: TIME }],
  });
  expect(await system.web.post("/approval", { approval_id: id, option_id: "allow" })).toEqual({
    status: 409,
    body: { error: expect.any(String), type: "APPROVAL_EXPIRED", session_connected: true },
  });
});

test("asked through one gateway, answered through another, shown to who comes in the middle", async () => {
  await using second = await system.anotherGateway();
  const other = new WebClient(second.url);
  const sessionId = await system.web.begin();
  const { events, id } = await asked(system.web, sessionId);
  await using _ = events;

  await using late = await other.events(sessionId);
  await expect
    .poll(() => late.of("snapshot"))
    .toMatchObject([{ turns: [{ state: "running", approvals: [PENDING] }] }]);
  const answer = { session_id: sessionId, approval_id: id, option_id: "allow" };
  expect(await other.post("/approval", answer)).toMatchObject({ status: 200 });
  for (const stream of [events, late]) {
    expect(await over(stream)).toMatchObject({ approvals: [ALLOWED] });
    expect(told(stream).at(-1)).toEqual(ALLOWED);
  }
  expect(await system.web.post("/approval", answer)).toMatchObject({ status: 200 });
});

test.each([
  [{}, "approval_id is required"],
  [{ approval_id: "a" }, "option_id is required"],
  [{ approval_id: 1, option_id: "allow" }, "approval_id must be a string"],
  [{ approval_id: "none", option_id: "allow" }, expect.stringContaining("approval_id")],
])("%j is 400", async (body, error) => {
  await system.web.begin();
  expect(await system.web.post("/approval", body)).toEqual({ status: 400, body: { error } });
});

test("an option that the question does not have is 400, and the question stays open", async () => {
  const { events, id } = await asked(system.web, await system.web.begin());
  await using _ = events;
  expect(await system.web.post("/approval", { approval_id: id, option_id: "maybe" })).toMatchObject(
    { status: 400 },
  );
  const answer = { approval_id: id, option_id: "allow" };
  expect(await system.web.post("/approval", answer)).toMatchObject({ status: 200 });
});

test("a session that is dead or was never begun is told as everywhere", async () => {
  const answer = { approval_id: "a", option_id: "allow" };
  const none = await system.web.post("/approval", answer);
  expect(none).toMatchObject({ status: 409, body: { session_connected: false } });
  const named = await system.web.post("/approval", { ...answer, session_id: "elsewhere" });
  expect(named).toMatchObject({ status: 404 });

  const sessionId = await system.web.begin();
  const client = connectSessions(system.backend.address);
  await client.end({ sessionId });
  client.close();
  expect(await system.web.post("/approval", answer)).toEqual({
    status: 409,
    body: { error: "Session no longer exists. Create a new one.", session_connected: false },
  });
  const { rows } = await system.pool.query("select is_active, state from web_mappings");
  expect(rows).toEqual([{ is_active: false, state: "ended" }]);
});
