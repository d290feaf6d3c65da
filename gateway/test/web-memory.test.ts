import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type System, startSystem } from "./web-system.js";

let system: System;
beforeAll(async () => {
  system = await startSystem();
});
afterAll(() => system[Symbol.asyncDispose]());

const say = (message: string, more: object = {}) => system.web.post("/chat", { message, ...more });

test("remembers and recalls without a session", async () => {
  expect(await say("remember this: Deploy with the release pipeline on docker")).toEqual({
    status: 200,
    body: {
      response: "Remembered! Stored as mem-001 (category: workflow, tags: workflow, docker)",
      memory_action: "remember",
      memory_result: {
        id: "mem-001",
        timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
        category: "workflow",
        content: "Deploy with the release pipeline on docker",
        tags: ["workflow", "docker"],
      },
      session_connected: false,
    },
  });
  await say("Remember that:\ntea is green\nand hot");
  expect(await say("What do you remember about DOCKER")).toMatchObject({
    body: {
      response:
        "Found 1 memory(ies):\n\n- [mem-001] (workflow) Deploy with the release pipeline on docker",
      memory_action: "recall",
      memory_result: [{ id: "mem-001" }],
    },
  });
  expect(await say("search memory for tea")).toMatchObject({
    body: { memory_result: [{ id: "mem-002", content: "tea is green\nand hot" }] },
  });
  expect(await say("recall general")).toMatchObject({
    body: { memory_result: [{ id: "mem-002" }] },
  });
  expect(await say("recall coffee")).toMatchObject({
    body: { response: "No memories found matching 'coffee'.", memory_result: [] },
  });
});

test("tells whether a session is active, and disturbs none", async () => {
  const sessionId = await system.web.begin();
  expect(await say("recall tea")).toMatchObject({ body: { session_connected: true } });
  const { body } = await system.web.get(`/sessions/${sessionId}/transcript`);
  expect(body["turns"]).toEqual([]);
});

test("a repeat is remembered once; many at once have numbers of their own", async () => {
  const once = { request_id: "once" };
  const first = await say("remember: blue", once);
  expect(await say("remember: blue", once)).toEqual(first);
  const answers = await Promise.all(
    Array.from({ length: 8 }, (_, n) => say(`remember: thing ${n}`)),
  );
  const ids = answers.map(({ body }) => (body["memory_result"] as { id: string }).id);
  expect(new Set(ids).size).toBe(8);
});

test("a user's memories are their own", async () => {
  await system.pool.query("update web_memories set user_id = 'somebody else'");
  expect(await say("recall tea")).toMatchObject({ body: { memory_result: [] } });
  expect(await say("remember: mine")).toMatchObject({ body: { memory_result: { id: "mem-001" } } });
});

describe("what is found", () => {
  test("has the words in any of their forms", async () => {
    await say("remember: we ship on Mondays");
    for (const q of ["shipping", "SHIPPED", "monday ship", "on Mondays", "hip on"]) {
      const { body } = await say(`what do you remember about ${q}`);
      expect(body, q).toMatchObject({ memory_result: [{ content: "we ship on Mondays" }] });
    }
    for (const q of ["shopping", "ship on Tuesdays", "%", "'; --", "& |"]) {
      expect((await say(`recall ${q}`)).body["response"]).toBe(
        `No memories found matching '${q}'.`,
      );
    }
  });

  test("is bounded, and the newest", async () => {
    await system.pool.query(
      `insert into web_memories (user_id, number, category, content, tags)
       select 'local', 1000 + n, 'general', 'heap of ' || n, '{general}' from generate_series(1, 120) n`,
    );
    const { body } = await say("recall heap");
    const found = body["memory_result"] as { content: string }[];
    expect(found).toHaveLength(50);
    expect(found.at(0)?.content).toBe("heap of 71");
    expect(found.at(-1)?.content).toBe("heap of 120");
    await system.pool.query("delete from web_memories where number > 1000");
  });

  test("a memory has at most 10,000 characters, and is cleaned like any words", async () => {
    const error = "A memory has at most 10000 characters";
    expect(await say(`remember: ${"x".repeat(10_001)}`)).toMatchObject({
      status: 400,
      body: { error },
    });
    expect(await say("remember: nul \0 half \ud83d.")).toMatchObject({
      body: { memory_result: { content: "nul \ufffd half \ufffd." } },
    });
  });
});

test.each(["\\recall the plan", "recall the plan\nand build it", "remember that we ship"])(
  "%j is said to the agent",
  async (message) => {
    await system.web.begin();
    const { body } = await say(message);
    expect(body["memory_action"]).toBeUndefined();
    expect(String(body["response"]).endsWith(message.replace("\\", ""))).toBe(true);
  },
);

test("memories are listed by pages, the newest first, and deleted", async () => {
  await system.pool.query("delete from web_memories");
  for (const n of [1, 2, 3]) await say(`remember: thing ${n}`);
  const ids = async (query = "") => {
    const { body } = await system.web.get(`/memories${query}`);
    return [(body["memories"] as { id: string }[]).map(({ id }) => id), body["has_more"]];
  };
  expect(await ids("?limit=2")).toEqual([["mem-003", "mem-002"], true]);
  expect(await ids("?limit=2&before=mem-002")).toEqual([["mem-001"], false]);
  expect(await system.web.delete("/memories/mem-002")).toEqual({
    status: 200,
    body: { deleted: true, id: "mem-002" },
  });
  for (const id of ["mem-002", "mem-0", "x", "mem-99999999999"]) {
    const answer = await system.web.delete(`/memories/${id}`);
    expect(answer).toEqual({ status: 404, body: { error: `Memory '${id}' not found` } });
  }
  expect(await ids()).toEqual([["mem-003", "mem-001"], false]);
  await system.pool.query("update web_memories set user_id = 'somebody else'");
  expect(await ids()).toEqual([[], false]);
  expect((await system.web.delete("/memories/mem-003")).status).toBe(404);
  expect((await system.web.get("/memories?before=x")).status).toBe(400);
});

test("what was said to the notes is in the transcript, between the turns, once", async () => {
  const sessionId = await system.web.begin();
  await say("first");
  const once = { request_id: "aside", session_id: sessionId };
  await say("remember: the code is 7", once);
  await say("remember: the code is 7", once);
  await say("second");
  await say("recall code");
  const expected = [
    { request_id: "aside", message: "remember: the code is 7", memory_action: "remember" },
    { message: "recall code", memory_action: "recall" },
  ];
  const { body } = await system.web.get(`/sessions/${sessionId}/transcript`);
  expect(body["memories"]).toMatchObject(expected);
  await using events = await system.web.events(sessionId);
  await expect.poll(() => events.of("snapshot")).toHaveLength(1);
  const [snapshot] = events.of("snapshot");
  expect(snapshot?.["memories"]).toEqual(body["memories"]);
  const [remembered] = body["memories"] as { created_at: string; response: string }[];
  expect(remembered?.response).toMatch(/^Remembered! /);
  const turns = body["turns"] as { created_at: string }[];
  expect(turns).toHaveLength(2);
  const times = [turns[0], remembered, turns[1]].map((one) => one?.created_at ?? "");
  expect(times).toEqual([...times].sort());
  // A page of the transcript has what was said from its first turn on.
  const newest = await system.web.get(`/sessions/${sessionId}/transcript?limit=1`);
  expect(newest.body["memories"]).toMatchObject([{ message: "recall code" }]);
  const older = await system.web.get(`/sessions/${sessionId}/transcript?before=2&limit=1`);
  expect(older.body["memories"]).toMatchObject(expected);
  const other = await system.web.begin();
  const { body: nothing } = await system.web.get(`/sessions/${other}/transcript`);
  expect(nothing["memories"]).toEqual([]);
});

test("is asked, and answers at once, also when an answer could come later", async () => {
  const sessionId = await system.web.begin();
  const later = (message: string) =>
    system.web.post("/chat", { message, request_id: "later" }, { prefer: "respond-async" });
  expect(await later("remember this: the door is blue")).toEqual({
    status: 200,
    body: {
      response: expect.stringMatching(/^Remembered! /),
      memory_action: "remember",
      memory_result: expect.objectContaining({ content: "the door is blue" }),
      session_connected: true,
    },
  });
  expect(await later("recall door")).toMatchObject({
    status: 200,
    body: { memory_action: "recall" },
  });
  const { body } = await system.web.get(`/sessions/${sessionId}/transcript`);
  expect(body["turns"]).toEqual([]);
});
