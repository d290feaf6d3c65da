import fc from "fast-check";
import { expect, test } from "vitest";
import type { AgentEvent } from "../agent.js";
import { demoAgent } from "./index.js";
import { chunks } from "./pace.js";

async function ask(message: string, past = 0, signal = new AbortController().signal) {
  const history = async () => Array.from({ length: past }, () => ({ message: "", reply: "" }));
  const context = { sessionId: "s", workingDir: "/", description: "", history };
  const session = await demoAgent().open(context, signal);
  const events: AgentEvent[] = [];
  for await (const event of session.prompt(message, signal)) events.push(event);
  const texts = events.flatMap((event) => (event.type === "text" ? [event.text] : []));
  return { events, texts, reply: texts.join("") };
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
