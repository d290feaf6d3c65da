import { describe, expect, it } from "vitest";
import { announce } from "./announce.js";
import type { Approval, Turn } from "./model.js";
import { approval, session, turn } from "./samples.testing.js";
import { initialState } from "./state.js";

const at = (...turns: Turn[]) => ({ ...initialState, place: "s", session: session(), turns });

it.each([
  ["a turn that waits", turn(), "The message waits for its turn."],
  ["a turn that begins", turn({ state: "running" }), "The agent is answering."],
  ["a short answer", turn({ state: "completed", reply: "Yes." }), "Answer: Yes."],
  ["a long answer", turn({ state: "completed", reply: "word ".repeat(200) }), "words."],
  [
    "a failure",
    turn({ state: "failed", failure: { code: 14, message: "Away." } }),
    "failed: Away.",
  ],
  ["a stop", turn({ state: "cancelled" }), "The answer was stopped."],
])("%s is told", (_name, now, words) => {
  expect(announce(at(), at(now)).status).toContain(words);
});

it("the pieces of an answer are not told", () => {
  const before = at(turn({ state: "running", reply: "One" }));
  expect(announce(before, at(turn({ state: "running", reply: "One more" })))).toEqual({});
});

describe("a question", () => {
  const asking = (...approvals: Approval[]) => at(turn({ state: "running", approvals }));
  const alert = "The agent asks: Write to the file";

  it("is told at once, and once", () => {
    expect(announce(asking(), asking(approval())).alert).toBe(alert);
    expect(announce(asking(approval()), asking(approval()))).toEqual({});
  });

  it("is told when a session is opened that waits for its answer", () => {
    const opened = { ...initialState, place: "s" };
    expect(announce(opened, asking(approval()))).toEqual({ alert });
  });

  it("that is answered is no news, and the next one is", () => {
    const decided = approval({ state: "decided" });
    expect(announce(asking(approval()), asking(decided))).toEqual({});
    const next = approval({ approval_id: "b", title: "Write more" });
    expect(announce(asking(decided), asking(decided, next))).toEqual({
      alert: "The agent asks: Write more",
    });
  });
});

it("the end of the session is told at once", () => {
  const after = { ...at(), session: session({ state: "ended" }) };
  expect(announce(at(), after).alert).toBe("The session has ended.");
});

it("what is there when a session is opened is not news", () => {
  expect(announce({ ...initialState, place: "s" }, at(turn({ state: "completed" })))).toEqual({});
});

it("but the answer to what was just sent is", () => {
  const to = { kind: "session", sessionId: "s" } as const;
  const sent = { requestId: "r1", to, message: "hi", writtenAt: 0, problem: null };
  const before = {
    ...initialState,
    place: "s",
    outgoing: [{ ...sent, state: "accepted" as const }],
  };
  const after = at(turn({ state: "completed", reply: "Yes." }));
  expect(announce(before, after).status).toBe("Answer: Yes.");
});
