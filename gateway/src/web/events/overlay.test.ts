import fc from "fast-check";
import { expect, test } from "vitest";
import { type Turn, TurnState } from "../../backend/index.js";
import { isFinal, isStale, overlay } from "./overlay.js";

function turn(seq: number, state: TurnState, reply: string): Turn {
  return {
    sessionId: "s",
    seq,
    requestId: `r${seq}`,
    message: "m",
    author: undefined,
    state,
    reply,
    thought: "",
    toolCalls: [],
    approvals: [],
    failure: undefined,
    usage: undefined,
    createdAt: undefined,
    finishedAt: undefined,
  };
}

const turns = (reply: string) =>
  fc
    .uniqueArray(
      fc.record({ seq: fc.integer({ min: 1, max: 9 }), state: fc.integer({ min: 1, max: 6 }) }),
      {
        selector: ({ seq }) => seq,
      },
    )
    .map((all) =>
      all
        .sort((a, b) => a.seq - b.seq)
        .map(({ seq, state }) => turn(seq, state as TurnState, reply)),
    );

test("whatever both tell, each turn is once, in order, final if either has it so by the transcript", () => {
  fc.assert(
    fc.property(turns("transcript"), turns("watch"), (transcript, watched) => {
      const open = watched.filter((each) => !isFinal(each));
      const result = overlay(transcript, open);
      const seqs = result.map(({ seq }) => seq);
      expect(seqs).toEqual([...new Set([...transcript, ...open].map(({ seq }) => seq))].sort());
      for (const each of result) {
        const known = transcript.find(({ seq }) => seq === each.seq);
        const watching = open.some(({ seq }) => seq === each.seq);
        const fromWatch = watching && !(known && isFinal(known));
        expect(each.reply).toBe(fromWatch ? "watch" : "transcript");
      }
    }),
  );
});

test("after a whole turn its deltas are stale, and its end is not", () => {
  const delta = { seq: 1, event: { $case: "textDelta", value: { text: "x" } } } as const;
  const end = {
    seq: 1,
    event: { $case: "completed", value: turn(1, TurnState.COMPLETED, "x") },
  } as const;
  expect(isStale(delta, new Set([1]))).toBe(true);
  expect(isStale(delta, new Set([2]))).toBe(false);
  expect(isStale(end, new Set([1]))).toBe(false);
});
