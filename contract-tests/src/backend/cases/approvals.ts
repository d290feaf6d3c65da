import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import {
  type Approval,
  ApprovalOptionKind,
  ApprovalState,
  ToolStatus,
  type Turn,
  TurnState,
} from "@amp/proto";
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
      const { approvalId, requestedAt, content } = approval;
      assert.notEqual(approvalId, "");
      assert.ok(requestedAt, "nobody knows when it was asked");
      assert.match(content, /^```.*Approve \*this\* for all.*```$/s);
      assert.deepEqual(approval, {
        approvalId,
        seq: 1,
        toolCallId: "write-1",
        title: "Write to the demo file",
        content,
        options: [
          { optionId: "allow", label: "Allow", kind: ApprovalOptionKind.ALLOW_ONCE },
          { optionId: "reject", label: "Reject", kind: ApprovalOptionKind.REJECT_ONCE },
        ],
        state: ApprovalState.PENDING,
        optionId: "",
        decidedBy: undefined,
        requestedAt,
        resolvedAt: undefined,
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
      assert.deepEqual(toolsOf(open), [["write-1", "edit", ToolStatus.PENDING]]);
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
  ...(["allow", "reject"] as const).map((optionId) => ({
    name: `after the answer "${optionId}" all are told of it, and the turn goes on and ends`,
    async run(subject: BackendSubject) {
      const { sessionId } = await newSession(subject);
      const watch = await openWatch(subject, sessionId);
      const { approval, rest } = await askedTurn(subject, { sessionId, message: "approve it" });
      const decided = await resolve(subject, sessionId, answerTo(approval, optionId, ANNA));
      const { resolvedAt } = decided;
      assert.ok(resolvedAt && approval.requestedAt && resolvedAt >= approval.requestedAt);
      const state = ApprovalState.DECIDED;
      assert.deepEqual(decided, { ...approval, state, optionId, decidedBy: ANNA, resolvedAt });

      const { kinds, approvals, final, error } = await rest();
      if (error) throw error;
      assert.ok(kinds.includes("approvalResolved"), "the stream did not tell of the answer");
      assert.deepEqual(approvals, [decided]);
      assert.equal(final?.state, TurnState.COMPLETED);
      assert.deepEqual(final.approvals, [decided]);
      const done = optionId === "allow" ? ToolStatus.COMPLETED : ToolStatus.FAILED;
      assert.deepEqual(toolsOf(final), [["write-1", "edit", done]]);
      assert.match(final.reply, /approve it/);
      const { label } = optionOf(decided, optionId);
      assert.ok(linesOf(final.reply).includes(`Your answer was: ${label}.`), final.reply);
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
      for (const optionId of ["allow", "reject", "allow"]) {
        const approval = await question();
        assert.equal(approval.toolCallId, `write-${decided.length + 1}`);
        assert.deepEqual((await onlyTurn(subject, sessionId)).approvals, [...decided, approval]);
        decided.push(await resolve(subject, sessionId, answerTo(approval, optionId, ANNA)));
      }
      assert.equal(new Set(decided.map(({ approvalId }) => approvalId)).size, 3);
      const { approvals, final } = await rest();
      assert.deepEqual(approvals, decided);
      assert.deepEqual(final?.approvals, decided);
      const line = "Your answers were: Allow, Reject, Allow.";
      assert.ok(linesOf(final.reply).includes(line), final.reply);
    },
  },
];

function toolsOf({ toolCalls }: Turn) {
  return toolCalls.map(({ toolCallId, kind, status }) => [toolCallId, kind, status]);
}

function linesOf(text: string): string[] {
  return text.split("\n");
}
