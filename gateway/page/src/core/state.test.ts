import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Approval, ServerEvent, ToolCall, Turn, TurnEvent } from "./model.js";
import { approval, session, turn } from "./samples.testing.js";
import {
  type Action,
  applyTurnEvent,
  type ChatState,
  conversation,
  initialState,
  reduce,
  unseen,
} from "./state.js";

/** Two questions, open or answered. */
const questions = fc
  .tuple(fc.constantFrom("a", "b"), fc.constantFrom("pending" as const, "decided" as const))
  .map(([approval_id, state]): Approval => approval({ approval_id, state }));

/** What a server may tell of two turns, in an order that it may tell it in. */
const history = fc
  .array(
    fc.oneof(
      fc.record({ type: fc.constantFrom("text" as const, "thought" as const), text: fc.string() }),
      fc.record({ type: fc.constant("tool" as const), call: fc.constantFrom("a", "b").map(call) }),
      fc.record({ type: fc.constant("approval" as const), approval: questions }),
      fc.record({ type: fc.constant("started" as const) }),
    ),
    { maxLength: 20 },
  )
  .map((steps): TurnEvent[] => {
    let now = turn({ state: "running" });
    const events = steps.map((step): TurnEvent => {
      const seq = now.seq;
      const event: TurnEvent =
        step.type === "started" ? { seq, type: "started", turn: now } : { seq, ...step };
      now = applyTurnEvent([now], event)[0] ?? now;
      return event;
    });
    const done: Turn = { ...now, state: "completed" };
    return [
      { seq: 1, type: "queued", turn: turn() },
      { seq: 1, type: "started", turn: turn({ state: "running" }) },
      ...events,
      { seq: 1, type: "completed", turn: done },
    ];
  });

function call(id: string): ToolCall {
  return { id, title: id, kind: "read", status: "completed", content: "" };
}

const play = (events: TurnEvent[], turns: Turn[] = []) => events.reduce(applyTurnEvent, turns);
const follow = (state: ChatState, ...events: ServerEvent[]) =>
  reduce(state, { type: "events", events });
const watching: ChatState = { ...initialState, place: "s", session: session() };

describe("the turns", () => {
  it("are the same after a reconnection at any moment, which begins with a snapshot", () => {
    fc.assert(
      fc.property(history, fc.nat(), (events, seed) => {
        const cut = seed % (events.length + 1);
        const snapshot = { session: session(), turns: play(events.slice(0, cut)), has_more: false };
        const reconnected = follow(watching, { event: "snapshot", data: snapshot });
        const rest = events.slice(cut).map((data): ServerEvent => ({ event: "turn", data }));
        expect(follow(reconnected, ...rest).turns).toEqual(play(events));
      }),
    );
  });

  it("ignore everything after their end, in whichever order it arrives", () => {
    fc.assert(
      fc.property(history, history, (events, late) => {
        const done = play(events);
        const stragglers = late.filter(({ type }) => type !== "completed");
        expect(play(stragglers, done)).toEqual(done);
      }),
    );
  });

  it("stand in the order of their numbers", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 9 })), (seqs) => {
        const turns = play(seqs.map((seq) => ({ seq, type: "queued", turn: turn({ seq }) })));
        expect(turns.map(({ seq }) => seq)).toEqual([...new Set(seqs)].sort((a, b) => a - b));
      }),
    );
  });

  it("begin anew when a crash makes the agent begin anew", () => {
    const half = turn({ state: "running", reply: "half an ans" });
    expect(
      play([{ seq: 1, type: "started", turn: turn({ state: "running" }) }], [half])[0]?.reply,
    ).toBe("");
  });
});

describe("a question", () => {
  const open = approval();
  const decided = approval({ state: "decided", option_id: "yes" });
  const running = turn({ state: "running" });
  const told = (told: Approval): TurnEvent => ({ seq: 1, type: "approval", approval: told });

  it("is told again, whole, when it is answered", () => {
    const other = approval({ approval_id: "b" });
    expect(play([told(open), told(other), told(decided)], [running])).toEqual([
      { ...running, approvals: [decided, other] },
    ]);
  });

  it("stands as the end of its turn tells it", () => {
    const over = turn({ state: "cancelled", approvals: [approval({ state: "expired" })] });
    const events: TurnEvent[] = [told(open), { seq: 1, type: "cancelled", turn: over }];
    expect(play(events, [running])).toEqual([over]);
    expect(play([told(decided)], [over])).toEqual([over]);
  });

  it("may be the first thing that a gateway tells of questions", () => {
    const { approvals: _, ...old } = running;
    expect(play([told(open)], [old])[0]?.approvals).toEqual([open]);
  });
});

describe("the page", () => {
  it("keeps older turns over a snapshot that joins on, and drops them over a gap", () => {
    const older = [turn({ seq: 1 }), turn({ seq: 2 })];
    const before = { ...watching, turns: older };
    const joins = { session: session(), turns: [turn({ seq: 3 })], has_more: true };
    expect(follow(before, { event: "snapshot", data: joins }).turns.map(({ seq }) => seq)).toEqual([
      1, 2, 3,
    ]);
    const gap = { session: session(), turns: [turn({ seq: 5 })], has_more: true };
    expect(follow(before, { event: "snapshot", data: gap })).toMatchObject({
      turns: gap.turns,
      hasMore: true,
    });
  });

  it("puts fetched turns before the others, unless it looks elsewhere by now", () => {
    const before = { ...watching, turns: [turn({ seq: 2 })], hasMore: true };
    const older: Action = {
      type: "older",
      place: "s",
      turns: [turn({ seq: 1 })],
      asides: [],
      hasMore: false,
    };
    expect(reduce(before, older)).toMatchObject({
      turns: [{ seq: 1 }, { seq: 2 }],
      hasMore: false,
    });
    expect(reduce({ ...before, place: "other" }, older).turns).toHaveLength(1);
  });

  it("forgets the session it looked at when another is opened, and nothing else", () => {
    const before = {
      ...watching,
      sessions: { entries: [], next: undefined },
      turns: [turn()],
      trouble: "away",
    };
    expect(reduce(before, { type: "opened", place: "b" })).toEqual({
      ...initialState,
      sessions: { entries: [], next: undefined },
      place: "b",
      draftRevision: 1,
    });
  });

  it("shows the end, whether told or met", () => {
    const over = session({ state: "ended", end_reason: "done" });
    expect(follow(watching, { event: "ended", data: { session: over } }).session).toEqual(over);
    expect(reduce(watching, { type: "died", sessionId: "s" }).session?.state).toBe("ended");
    expect(reduce(watching, { type: "died", sessionId: "other" })).toBe(watching);
  });

  it("says what is away until a snapshot comes", () => {
    const away = follow(watching, { event: "trouble", data: { message: "away" } });
    expect(away.trouble).toBe("away");
    const back = { session: session(), turns: [], has_more: false };
    expect(follow(away, { event: "snapshot", data: back }).trouble).toBeNull();
  });

  it("shows a message on its way once: on its way, or in the transcript", () => {
    const to = { kind: "session", sessionId: "s" } as const;
    const message = {
      requestId: "r1",
      to,
      message: "hi",
      writtenAt: 0,
      state: "sending",
      problem: null,
    } as const;
    const sending = reduce(watching, { type: "outgoing", outgoing: [message] });
    expect(unseen(sending)).toEqual([message]);
    expect(unseen({ ...sending, turns: [turn({ request_id: "r1" })] })).toEqual([]);
    expect(unseen({ ...sending, place: "other" })).toEqual([]);
  });

  it("that was answered at once stays where it was said, one on its way comes last", () => {
    const message = {
      to: { kind: "session", sessionId: "s" },
      message: "remember this: tea",
      writtenAt: Date.parse("2026-11-23T08:00:02Z"),
      problem: null,
    } as const;
    const before = turn({ seq: 1, created_at: "2026-11-23T08:00:01Z" });
    const after = turn({ seq: 2, created_at: "2026-11-23T08:00:03Z" });
    const answered = { ...message, requestId: "a", state: "answered", answer: "ok" } as const;
    const sending = { ...message, requestId: "b", state: "sending" } as const;
    const state = { ...watching, turns: [before, after], outgoing: [answered, sending] };
    expect(conversation(state)).toEqual([before, answered, after, sending]);
  });
});
