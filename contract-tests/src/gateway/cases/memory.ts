import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import type { Case } from "../../case.js";
import { openEvents } from "../events.js";
import { Memory } from "../shapes.js";
import {
  API,
  assertAnswer,
  assertRefused,
  endActive,
  type GatewaySubject,
  memories,
  newSession,
  post,
  remove,
  transcript,
} from "../subject.js";

const REMEMBER = ["remember this: ", "remember that: ", "remember: ", "REMEMBER This: "];
const RECALL = ["recall ", "what do you remember about ", "search memory ", "Recall "];

/** What is said to the user's notes. */
export const memoryCases: Case<GatewaySubject>[] = [
  {
    name: "each phrase of remember stores what follows it, and says so exactly",
    async run(subject) {
      await endActive(subject);
      for (const phrase of REMEMBER) {
        const content = `${randomUUID()} <b>&amp;</b> "e\u0301" \n second line 🐎`;
        const memory = await remember(subject, content, phrase);
        assert.equal(memory.content, content);
        assert.deepEqual((await memories(subject, { limit: "1" })).memories, [memory]);
      }
    },
  },
  {
    name: "each phrase of recall tells what was found, the oldest first, and says so exactly",
    async run(subject) {
      await endActive(subject);
      const word = randomUUID();
      const one = await remember(subject, `${word} one`);
      const two = await remember(subject, `${word} two`);
      for (const phrase of RECALL) {
        assertAnswer(await chat(subject, phrase + word), 200, {
          response: [
            "Found 2 memory(ies):\n",
            `- [${one.id}] (${one.category}) ${one.content}`,
            `- [${two.id}] (${two.category}) ${two.content}`,
          ].join("\n"),
          memory_action: "recall",
          memory_result: [one, two],
          session_connected: false,
        });
      }
    },
  },
  {
    name: "recall that finds nothing says so exactly",
    async run(subject) {
      await endActive(subject);
      const word = `Nothing-${randomUUID()}`;
      assertAnswer(await chat(subject, `recall ${word}`), 200, {
        response: `No memories found matching '${word}'.`,
        memory_action: "recall",
        memory_result: [],
        session_connected: false,
      });
    },
  },
  {
    name: "remember repeated with its request_id remembers once",
    async run(subject) {
      const request = { message: `remember: ${randomUUID()}`, request_id: randomUUID() };
      const first = await post(subject, `${API}/chat`, request);
      assert.equal(first.status, 200);
      const again = await post(subject, `${API}/chat`, request);
      assert.deepEqual(again, first);
    },
  },
  {
    name: "in a session a memory phrase is kept for the transcript, and reaches no agent",
    async run(subject) {
      const { session_id } = await newSession(subject);
      const message = `remember: ${randomUUID()}`;
      const body = { message, request_id: randomUUID() };
      const answer = await post(subject, `${API}/chat`, body, { prefer: "respond-async" });
      assertAnswer(answer, 200, { memory_action: "remember", session_connected: true });
      const told = await transcript(subject, session_id);
      assert.deepEqual(told.turns, []);
      const { response } = answer.body as { response: string };
      assert.deepEqual(
        told.memories.map(({ created_at: _, ...rest }) => rest),
        [{ ...body, response, memory_action: "remember" }],
      );
      using stream = await openEvents(subject, session_id);
      assert.deepEqual(stream.snapshot?.memories, told.memories);
    },
  },
  {
    name: "what only looks like a memory phrase is for the agent, and so is one with a backslash",
    async run(subject) {
      const { session_id } = await newSession(subject);
      const messages = ["recalled", "I remember: nothing", "recall the plan\nand tell", "remember"];
      for (const message of [...messages, "\\recall the plan"]) {
        const answer = await chat(subject, message);
        assertAnswer(answer, 200, { session_id, memory_action: undefined });
      }
      const { turns } = await transcript(subject, session_id);
      assert.deepEqual(
        turns.map(({ message }) => message),
        [...messages, "recall the plan"],
      );
    },
  },
  {
    name: "GET /memories tells the newest first, by pages; DELETE deletes one for good",
    async run(subject) {
      const made: Memory[] = [];
      for (let n = 1; n <= 3; n++) made.unshift(await remember(subject, `${randomUUID()} ${n}`));
      const [newest, middle, oldest] = made;
      assert.ok(newest && middle && oldest);
      assert.deepEqual((await memories(subject)).memories.slice(0, 3), made);
      const page = await memories(subject, { limit: "2" });
      assert.deepEqual(page, { memories: [newest, middle], has_more: true });
      const next = await memories(subject, { limit: "1", before: middle.id });
      assert.deepEqual(next.memories, [oldest]);
      const deleted = await remove(subject, `${API}/memories/${middle.id}`);
      assertAnswer(deleted, 200, { deleted: true, id: middle.id });
      assert.deepEqual((await memories(subject)).memories.slice(0, 2), [newest, oldest]);
      assertRefused(await remove(subject, `${API}/memories/${middle.id}`), 404, /./);
      const recalled = await chat(subject, `recall ${middle.content}`);
      assertAnswer(recalled, 200, { memory_result: [] });
    },
  },
  {
    name: "a memory of 10,000 characters is taken whole; one more is 400",
    async run(subject) {
      const longest = "ü".repeat(10_000);
      assert.equal((await remember(subject, longest)).content, longest);
      assertRefused(await chat(subject, `remember: ${longest}!`), 400, /10000/);
    },
  },
];

function chat(subject: GatewaySubject, message: string) {
  return post(subject, `${API}/chat`, { message });
}

/** Remembers, looks at the whole answer, and returns the memory. */
async function remember(
  subject: GatewaySubject,
  content: string,
  phrase = "remember this: ",
): Promise<Memory> {
  const answer = await chat(subject, phrase + content);
  const memory = Memory.parse((answer.body as { memory_result: unknown }).memory_result);
  const { id, category, tags } = memory;
  assertAnswer(answer, 200, {
    response: `Remembered! Stored as ${id} (category: ${category}, tags: ${tags.join(", ")})`,
    memory_action: "remember",
    memory_result: memory,
  });
  return memory;
}
