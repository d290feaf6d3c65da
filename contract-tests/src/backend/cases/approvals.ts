import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { type Approval, ApprovalState, TurnState } from "@amp/proto";
import type { Case } from "../../case.js";
import {
  answerTo,
  askedTurn,
  beginAsking,
  onlyTurn,
  optionOf,
  person,
  resolve,
} from "../asking.js";
import { begin, getSession, newSession, transcript } from "../steps.js";
import type { BackendSubject } from "../subject.js";
import { openWatch } from "../watching.js";

const ANNA = person("U1", "slack");

/** A question of the agent and the answer to it: who is told, and what follows. */
export const approvalCases: Case<BackendSubject>[] = [
  {
    name: "a question is told as it was asked, and its turn runs until somebody answers",
    async run(subject) {
      const message = "Approve *this* for all";
      const { sessionId, approval } = await askedTurn(subject, { message });
      const { requestedAt, options } = approval;
      assert.notEqual(approval.approvalId, "");
      assert.ok(requestedAt, "nobody knows when it was asked");
      assert.notEqual(approval.title, "");
      const ids = options.map(({ optionId }) => optionId);
      assert.equal(new Set(ids).size, options.length, "two options have one id");
      assert.ok(!ids.includes(""), "an option without an id");
      for (const { label } of options) assert.notEqual(label, "");
      const open = { seq: 1, state: ApprovalState.PENDING, optionId: "" };
      assert.deepEqual(approval, {
        ...{ ...approval, ...open },
        ...{ decidedBy: undefined, requestedAt, resolvedAt: undefined },
      });
      const turn = await onlyTurn(subject, sessionId);
      assert.equal(turn.state, TurnState.RUNNING);
      assert.deepEqual(turn.approvals, [approval]);
      assert.equal((await getSession(subject, sessionId)).openTurns, 1);
      await subject.client.end({ sessionId });
    },
  },
  {
    name: "whoever comes later is told the question: Watch in its snapshot, SendStream at first",
    async run(subject) {
      const requestId = randomUUID();
      const { sessionId, approval } = await askedTurn(subject, { requestId });
      const { snapshot, told } = await openWatch(subject, sessionId);
      const [open] = snapshot.openTurns;
      assert.equal(open?.state, TurnState.RUNNING);
      assert.deepEqual(open.approvals, [approval]);
      const joined = await begin(subject, { sessionId, requestId, message: "approve this" });
      assert.deepEqual(joined.turn.approvals, [approval]);
      const decided = await resolve(subject, sessionId, answerTo(approval, "allow", ANNA));
      assert.deepEqual((await joined.told).approvals, [decided]);
      await subject.client.end({ sessionId });
      const events = (await told).turns.map(({ event }) => event);
      assert.deepEqual(
        events.filter((event) => event?.$case === "approvalRequested"),
        [],
      );
      const resolved = events.find((event) => event?.$case === "approvalResolved");
      assert.deepEqual(resolved?.value, decided);
    },
  },
  ...(["allow", "reject"] as const).map((choice) => ({
    name: `after the answer to ${choice} all are told of it, and the turn goes on and ends`,
    async run(subject: BackendSubject) {
      const { sessionId } = await newSession(subject);
      const watch = await openWatch(subject, sessionId);
      const { approval, rest } = await askedTurn(subject, { sessionId, message: "approve it" });
      const decided = await resolve(subject, sessionId, answerTo(approval, choice, ANNA));
      const { resolvedAt } = decided;
      const { optionId } = optionOf(approval, choice);
      assert.ok(resolvedAt && approval.requestedAt && resolvedAt >= approval.requestedAt);
      const state = ApprovalState.DECIDED;
      assert.deepEqual(decided, { ...approval, state, optionId, decidedBy: ANNA, resolvedAt });

      const { kinds, approvals, final, error } = await rest();
      if (error) throw error;
      assert.ok(kinds.includes("approvalResolved"), "the stream did not tell of the answer");
      assert.deepEqual(approvals, [decided]);
      assert.equal(final?.state, TurnState.COMPLETED);
      assert.deepEqual(final.approvals, [decided]);
      assert.match(final.reply, /approve it/);
      assert.deepEqual(await transcript(subject, sessionId), [final]);

      await subject.client.end({ sessionId });
      const told = (await watch.told).turns.filter(({ event }) =>
        /^approval/.test(`${event?.$case}`),
      );
      assert.deepEqual(told, [
        { seq: 1, event: { $case: "approvalRequested", value: approval } },
        { seq: 1, event: { $case: "approvalResolved", value: decided } },
      ]);
    },
  })),
  {
    name: "several questions are asked one after the other, each with its own answer",
    async run(subject) {
      const { sessionId, question, rest } = await beginAsking(subject, { message: "APPROVE 3" });
      const decided: Approval[] = [];
      for (const choice of ["allow", "reject", "allow"] as const) {
        const approval = await question();
        assert.deepEqual((await onlyTurn(subject, sessionId)).approvals, [...decided, approval]);
        decided.push(await resolve(subject, sessionId, answerTo(approval, choice, ANNA)));
      }
      assert.equal(new Set(decided.map(({ approvalId }) => approvalId)).size, 3);
      const { approvals, final } = await rest();
      assert.deepEqual(approvals, decided);
      assert.deepEqual(final?.approvals, decided);
    },
  },
];
