import { afterAll, beforeAll, expect, test } from "vitest";
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
  await say("Remember that\ntea is green\nand hot");
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
