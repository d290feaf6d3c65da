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
