import fc from "fast-check";
import { expect, test } from "vitest";
import type { AgentEvent, Question } from "../agent.js";
import { demoAgent } from "./index.js";
import { chunks } from "./pace.js";

async function ask(
  message: string,
  past = 0,
  signal = new AbortController().signal,
  answers: string[] = [],
) {
  const asked: Question[] = [];
  const context = {
    sessionId: "s",
    description: "",
    workingDir: async () => "/",
    history: async () => [],
    completedTurns: async () => past,
  };
  const session = await demoAgent().open(context, signal);
  const events: AgentEvent[] = [];
  const answer = async (question: Question) => {
    asked.push(question);
    return answers.shift() ?? "";
  };
  for await (const event of session.prompt(message, signal, answer)) events.push(event);
  const texts = events.flatMap((event) => (event.type === "text" ? [event.text] : []));
  return { events, texts, reply: texts.join(""), asked };
}

test("it says what it is once, and counts its turns", async () => {
  const first = await ask("hello");
  expect(first.reply).toMatch(/^This is the demo agent.*no model/);
  expect(first.reply).toContain("hello");
  expect(first.texts.length).toBeGreaterThan(2);
  expect((await ask("hello", 4)).reply).toBe("You said (turn 5): hello");
});

test.each([0, 1, 11, 12_345])("long %i has exactly that many characters", async (length) => {
  expect((await ask(` LONG ${length} `)).reply).toHaveLength(length);
});

test("markdown shows every kind", async () => {
  const { reply } = await ask("markdown");
  for (const sign of ["# ", "- [x]", "  - ", "| ", "> ", "```ts", "```python", "~~", "---", "]("]) {
    expect(reply).toContain(sign);
  }
});

test("think and tool show what they are named for, and answer", async () => {
  const thinking = await ask("think");
  expect(thinking.events.filter((event) => event.type === "thought")).toHaveLength(2);
  const using = await ask("Tool please");
  expect(
    using.events.flatMap((event) => (event.type === "tool" ? [event.call.status] : [])),
  ).toEqual(["pending", "in_progress", "completed"]);
  expect(using.reply).toContain("Tool please");
});

test("approve asks about a tool call, and says what was answered", async () => {
  const { signal } = new AbortController();
  const { reply, asked, events } = await ask("Approve 2 things", 0, signal, ["allow", "reject"]);
  expect(asked.map(({ id, toolCallId }) => [id, toolCallId])).toEqual([
    ["write-1", "write-1"],
    ["write-2", "write-2"],
  ]);
  expect(events.flatMap((event) => (event.type === "tool" ? [event.call.status] : []))).toEqual([
    "pending",
    "completed",
    "pending",
    "failed",
  ]);
  expect(reply).toMatch(/Approve 2 things\n\nYour answers were: Allow, Reject\.$/);
  expect((await ask("approve -3", 1, signal, ["reject"])).reply).toMatch(
    /Your answer was: Reject\.$/,
  );
  expect((await ask("approve 99", 1, signal)).asked).toHaveLength(5);
});

test("fail fails as unavailable", async () => {
  await expect(ask("fail")).rejects.toMatchObject({ kind: "unavailable" });
});

test("it stops at once", async () => {
  const stop = new AbortController();
  const answer = ask("slow 600", 0, stop.signal);
  stop.abort();
  await expect(answer).rejects.toThrow();
});

test("chunks lose nothing and cut no character", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.nat(3), (text, seconds) => {
      const pieces = chunks(text, seconds);
      expect(pieces.join("")).toBe(text);
      for (const piece of pieces) expect(piece).not.toMatch(/\p{Surrogate}/u);
    }),
  );
});
