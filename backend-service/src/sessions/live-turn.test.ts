import fc from "fast-check";
import { expect, test } from "vitest";
import type { Turn } from "../store/model.js";
import { LiveTurn } from "./live-turn.js";

const stored: Turn = {
  sessionId: "s",
  seq: 1,
  requestId: "r",
  message: "m",
  author: undefined,
  state: "queued",
  reply: "",
  thought: "",
  toolCalls: [],
  approvals: [],
  failure: undefined,
  usage: undefined,
  createdAt: new Date(0),
  begun: false,
  runs: 0,
  finishedAt: undefined,
};

test("however an agent cuts its text, the pieces told are whole and make up the reply", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: "binary" })), fc.nat(7), (texts, size) => {
      const whole = texts.join("").replaceAll("\0", "");
      const turn = new LiveTurn(stored);
      let told = "";
      for (let at = 0; at < whole.length; at += size + 1) {
        const event = turn.tell({ type: "text", text: whole.slice(at, at + size + 1) });
        if (event?.type !== "text") continue;
        expect(event.text).not.toMatch(/\p{Surrogate}/u);
        told += event.text;
      }
      expect(told).toBe(whole);
      expect(turn.snapshot().reply).toBe(whole);
    }),
  );
});

test("a tool call that changes is replaced and keeps its place", () => {
  const turn = new LiveTurn(stored);
  const call = { title: "t", kind: "read", content: "" };
  turn.tell({ type: "tool", call: { ...call, id: "a", status: "pending" } });
  turn.tell({ type: "tool", call: { ...call, id: "b", status: "pending" } });
  turn.tell({ type: "tool", call: { ...call, id: "a", status: "completed" } });
  expect(turn.snapshot().toolCalls.map(({ id, status }) => `${id} ${status}`)).toEqual([
    "a completed",
    "b pending",
  ]);
});

test("an answer has a greatest length", () => {
  const turn = new LiveTurn(stored);
  const piece = { type: "text", text: "x".repeat(100_000) } as const;
  for (let n = 0; n < 4; n++) turn.tell(piece);
  expect(() => turn.tell(piece)).toThrow("longer than 400000 characters");
});

test("a tool call counts for what it holds now, however often it is told", () => {
  const turn = new LiveTurn(stored);
  const call = {
    id: "a",
    title: "t",
    kind: "execute",
    content: "",
    status: "in_progress",
  } as const;
  for (let n = 1; n <= 50; n++) {
    turn.tell({ type: "tool", call: { ...call, content: "x".repeat(400 * n) } });
  }
  // The call counts as the 20 KB that it holds now, so that the rest of the limit is free.
  turn.tell({ type: "text", text: "y".repeat(379_000) });
  turn.tell({ type: "tool", call: { ...call, content: "" } });
  turn.tell({ type: "text", text: "y".repeat(20_000) });
  const more = { type: "tool", call: { ...call, content: "x".repeat(2_000) } } as const;
  expect(() => turn.tell(more)).toThrow("longer than 400000 characters");
});

test("every part of a tool call counts, ids and kinds as well", () => {
  const call = { id: "a", title: "", kind: "", content: "", status: "pending" } as const;
  for (const part of ["id", "title", "kind", "content"]) {
    const event = { type: "tool", call: { ...call, [part]: "x".repeat(400_000) } } as const;
    expect(() => new LiveTurn(stored).tell(event)).toThrow("longer than 400000 characters");
  }
});

const dirty = ["a\0", "\ud83d", "\udc00 x", "x\0\ud83d\0", "\u{1f600}\ud800"];

test.each(dirty)("nothing that an agent tells of a tool keeps %j from being stored", (text) => {
  const turn = new LiveTurn(stored);
  const call = { id: text, title: text, kind: text, content: text, status: "pending" } as const;
  const told = turn.tell({ type: "tool", call });
  const asked = turn.ask({
    id: text,
    toolCallId: text,
    title: text,
    content: text,
    options: [{ id: text, label: text, kind: "allow_once" }],
  });
  for (const value of [told, turn.snapshot(), asked]) {
    for (const each of texts(value)) expect(each).not.toMatch(/[\0\p{Surrogate}]/u);
  }
  expect(turn.snapshot().toolCalls[0]?.id).toContain("\ufffd");
  // A call keeps its place under an id that had to be cleaned.
  turn.tell({ type: "tool", call: { ...call, status: "completed" } });
  expect(turn.snapshot().toolCalls).toHaveLength(1);
});

test.each([
  [Number.NaN, 0],
  [Number.POSITIVE_INFINITY, 0],
  [-1, 0],
  [1.5, 1],
  [2 ** 60, Number.MAX_SAFE_INTEGER],
])("a usage of %d is stored as %d", (count, expected) => {
  const turn = new LiveTurn(stored);
  turn.tell({ type: "usage", usage: { inputTokens: count, outputTokens: 1 } });
  expect(turn.snapshot().usage).toEqual({ inputTokens: expected, outputTokens: 1 });
});

/** Every text in a value, at any depth. */
function texts(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap(texts);
}
