import assert from "node:assert/strict";
import { z } from "zod";
import type { Case } from "../../case.js";
import { type EventReader, openEvents } from "../events.js";
import { Approval, type Turn } from "../shapes.js";
import {
  type Answer,
  API,
  assertAnswer,
  assertRefused,
  bodyOf,
  type GatewaySubject,
  newSession,
  post,
  submit,
  transcript,
} from "../subject.js";

/** Questions of the agent, for an agent that asks. */
export const approvalCases: Case<GatewaySubject>[] = [
  ...(["allow", "reject"] as const).map((choice) => ({
    name: `a question is told, answered by POST /approval (${choice}), and told again`,
    async run(subject: GatewaySubject) {
      using asked = await ask(subject);
      const { stream, question } = asked;
      const { approval_id } = question;
      const option_id = optionOf(question, choice);
      const decided = approvalOf(await answer(subject, { approval_id, option_id }));
      const { decided_by, resolved_at } = decided;
      assert.deepEqual(decided, {
        ...question,
        state: "decided",
        option_id,
        decided_by,
        resolved_at,
      });
      assert.equal(decided_by?.surface, "web");
      assert.ok(resolved_at && resolved_at >= question.requested_at);
      const { turn, kinds } = await stream.finished(1);
      assert.deepEqual(turn.approvals, [decided]);
      assert.equal(kinds.filter((kind) => kind === "approval").length, 2);
      assert.equal(turn.state, "completed");
    },
  })),
  {
    name: "questions come one after the other, each answered by itself",
    async run(subject) {
      using asked = await ask(subject, "approve 2");
      const { stream, question, sessionId } = asked;
      assertAnswer(await answer(subject, choose(question, "allow")), 200, {});
      const reader = stream.turns.get(1) ?? assert.fail();
      await stream.until("the second question", () => reader.approvals.size === 2);
      const second = [...reader.approvals.values()][1] ?? assert.fail();
      assert.equal(second.state, "pending");
      assert.notEqual(second.approval_id, question.approval_id);
      assertAnswer(await answer(subject, choose(second, "reject")), 200, {});
      const { turn } = await stream.finished(1);
      assert.deepEqual(
        turn.approvals.map(({ state, option_id }) => [state, option_id]),
        [
          ["decided", optionOf(question, "allow")],
          ["decided", optionOf(second, "reject")],
        ],
      );
      assert.deepEqual((await transcript(subject, sessionId)).turns, [turn]);
    },
  },
  {
    name: "the same answer again is answered the same; another one is 409, and changes nothing",
    async run(subject) {
      using asked = await ask(subject);
      const { question, stream, sessionId } = asked;
      const first = approvalOf(await answer(subject, choose(question, "allow")));
      await stream.finished(1);
      assert.deepEqual(approvalOf(await answer(subject, choose(question, "allow"))), first);
      const late = await answer(subject, choose(question, "reject"));
      assertRefused(late, 409, /./, { type: "APPROVAL_DECIDED", session_connected: true });
      assert.deepEqual(only((await transcript(subject, sessionId)).turns).approvals, [first]);
    },
  },
  {
    name: "a question whose turn was cancelled is told as expired; an answer to it is 409",
    async run(subject) {
      using asked = await ask(subject);
      const { question, stream, sessionId } = asked;
      assertAnswer(await post(subject, `${API}/cancel`, {}), 200, { cancelled: true });
      const { turn } = await stream.finished(1);
      assert.deepEqual(
        turn.approvals.map(({ state, option_id, decided_by }) => ({
          state,
          option_id,
          decided_by,
        })),
        [{ state: "expired", option_id: "", decided_by: null }],
      );
      const late = await answer(subject, choose(question, "allow"));
      assertRefused(late, 409, /./, { type: "APPROVAL_EXPIRED", session_connected: true });
      assert.deepEqual((await transcript(subject, sessionId)).turns, [turn]);
    },
  },
  {
    name: "POST /approval answers in the session it names",
    async run(subject) {
      using asked = await ask(subject);
      const { question, stream, sessionId } = asked;
      await newSession(subject);
      const elsewhere = await answer(subject, choose(question, "allow"));
      assertRefused(elsewhere, 400, /approval_id/);
      const named = { session_id: sessionId, ...choose(question, "allow") };
      assert.equal(approvalOf(await answer(subject, named)).state, "decided");
      await stream.finished(1);
    },
  },
  {
    name: "POST /approval refuses what the question does not have, by its name, and it waits on",
    async run(subject) {
      using asked = await ask(subject);
      const { question, stream } = asked;
      const right = choose(question, "allow");
      for (const [field, value] of [
        ["approval_id", ""],
        ["option_id", ""],
        ["approval_id", "no-such-approval"],
        ["option_id", "no-such-option"],
      ] as const) {
        const refused = await answer(subject, { ...right, [field]: value });
        assertRefused(refused, 400, new RegExp(`\\b${field}\\b`));
      }
      assert.equal(approvalOf(await answer(subject, right)).state, "decided");
      await stream.finished(1);
    },
  },
  {
    name: "a snapshot and the transcript have the question that waits",
    async run(subject) {
      using asked = await ask(subject);
      const { question, sessionId } = asked;
      using later = await openEvents(subject, sessionId);
      assert.deepEqual(only(later.snapshot?.turns ?? []).approvals, [question]);
      assert.deepEqual(only((await transcript(subject, sessionId)).turns).approvals, [question]);
      assertAnswer(await answer(subject, choose(question, "reject")), 200, {});
      assert.equal((await later.finished(1)).turn.approvals[0]?.state, "decided");
    },
  },
];

/** A session whose agent asks, and a stream of it. */
interface Asked extends Disposable {
  sessionId: string;
  stream: EventReader;
  question: Approval;
}

/** Begins a session and lets its agent ask; the question was told by the stream. */
async function ask(subject: GatewaySubject, message = "approve it"): Promise<Asked> {
  const { session_id: sessionId } = await newSession(subject);
  const stream = await openEvents(subject, sessionId);
  try {
    const seq = await submit(subject, message);
    const questions = () => stream.turns.get(seq)?.approvals;
    await stream.until("a question", () => questions()?.size === 1);
    const [question = assert.fail()] = questions()?.values() ?? [];
    assert.equal(question.state, "pending");
    assert.deepEqual([question.option_id, question.decided_by], ["", null]);
    assert.equal(question.resolved_at, null);
    assert.notEqual(question.title, "");
    return { sessionId, stream, question, [Symbol.dispose]: () => stream[Symbol.dispose]() };
  } catch (error) {
    stream[Symbol.dispose]();
    throw error;
  }
}

function answer(subject: GatewaySubject, body: object): Promise<Answer> {
  return post(subject, `${API}/approval`, body);
}

function choose(question: Approval, choice: "allow" | "reject") {
  return { approval_id: question.approval_id, option_id: optionOf(question, choice) };
}

function optionOf({ options }: Approval, choice: "allow" | "reject"): string {
  const option = options.find(({ kind }) => kind.startsWith(choice));
  return option?.option_id ?? assert.fail(`no option that would ${choice}`);
}

function approvalOf(told: Answer): Approval {
  return bodyOf(told, z.object({ approval: Approval })).approval;
}

function only(turns: Turn[]): Turn {
  assert.equal(turns.length, 1);
  return turns[0] ?? assert.fail();
}
