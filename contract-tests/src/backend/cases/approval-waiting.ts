import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { type Approval, ApprovalState, Reason, TurnState } from "@amp/proto";
import { status } from "@grpc/grpc-js";
import type { Case } from "../../case.js";
import { answerTo, askedTurn, beginAsking, onlyTurn, person, resolve } from "../asking.js";
import { assertDead, assertFails, assertFailure } from "../failure.js";
import { begin, newSession, say, transcript } from "../steps.js";
import type { BackendSubject } from "../subject.js";
import { openWatch } from "../watching.js";

/** More than most backends have connections to a database, so that one that holds them is noticed. */
const SESSIONS_THAT_ASK = 30;
const ANNA = person("U1");

/** A question that nobody has answered: who has to wait for it, and what ends it. */
export const waitingCases: Case<BackendSubject>[] = [
  {
    name: "Cancel expires the question, for good; answers given before stay, and the session goes on",
    async run(subject) {
      const { sessionId, question, rest } = await beginAsking(subject, { message: "approve 2" });
      const watch = await openWatch(subject, sessionId);
      const first = answerTo(await question(), "allow", ANNA);
      const decided = await resolve(subject, sessionId, first);
      const second = await question();
      assert.deepEqual(await subject.client.cancel({ sessionId }), { cancelled: true });
      assertFailure((await rest()).error, status.CANCELLED, Reason.TURN_CANCELLED);
      const turn = await onlyTurn(subject, sessionId);
      assert.equal(turn.state, TurnState.CANCELLED);
      const resolvedAt = turn.approvals[1]?.resolvedAt;
      assert.ok(resolvedAt, "nobody knows when it expired");
      const expired = { ...second, state: ApprovalState.EXPIRED, resolvedAt };
      assert.deepEqual(turn.approvals, [decided, expired]);

      assert.deepEqual(await resolve(subject, sessionId, first), decided);
      const late = resolve(subject, sessionId, answerTo(second, "allow", ANNA));
      const session = { session_id: sessionId };
      await assertFails(late, status.FAILED_PRECONDITION, Reason.APPROVAL_EXPIRED, session);
      assert.deepEqual(await onlyTurn(subject, sessionId), turn);
      assert.equal((await say(subject, sessionId, "next")).seq, 2);
      await subject.client.end({ sessionId });
      const last = (await watch.told).turns.findLast(({ seq }) => seq === 1);
      assert.deepEqual(last?.event, { $case: "cancelled", value: turn });
    },
  },
  {
    name: "a question still waits after 10 seconds in which nobody answered",
    async run(subject) {
      const { sessionId, approval, rest } = await askedTurn(subject);
      // Other cases run meanwhile; a turn of another session measures the time.
      const { sessionId: clock } = await newSession(subject);
      await say(subject, clock, "slow 10.5");
      assert.deepEqual((await onlyTurn(subject, sessionId)).approvals, [approval]);
      const decided = await resolve(subject, sessionId, answerTo(approval, "allow", ANNA));
      assert.deepEqual((await rest()).final?.approvals, [decided]);
    },
  },
  {
    name: "End expires the question; what was answered is NOT_FOUND then, but stays readable",
    async run(subject) {
      const { sessionId, question } = await beginAsking(subject, { message: "approve 2" });
      const first = answerTo(await question(), "reject", ANNA);
      const decided = await resolve(subject, sessionId, first);
      const second = answerTo(await question(), "reject", ANNA);
      await subject.client.end({ sessionId });
      for (const dead of [first, second]) {
        const call = subject.client.resolveApproval({ sessionId, ...dead });
        await assertDead(call, Reason.SESSION_ENDED, sessionId);
      }
      const { state, approvals } = await onlyTurn(subject, sessionId);
      assert.equal(state, TurnState.CANCELLED);
      assert.deepEqual(approvals[0], decided);
      assert.equal(approvals[1]?.state, ApprovalState.EXPIRED);
    },
  },
  {
    name: "a question does not depend on who sent the message, and its session's next turn waits",
    async run(subject) {
      const { sessionId } = await newSession(subject);
      const request = { sessionId, message: "approve it", requestId: randomUUID() };
      const leaving = subject.client.sendStream(request);
      let approval: Approval | undefined;
      for await (const { event } of leaving) {
        if (event?.event?.$case !== "approvalRequested") continue;
        approval = event.event.value;
        break;
      }
      assert.ok(approval);
      const next = await begin(subject, { sessionId, message: "after the answer" });
      assert.deepEqual(
        (await transcript(subject, sessionId)).map(({ state }) => state),
        [TurnState.RUNNING, TurnState.QUEUED],
      );
      const decided = await resolve(subject, sessionId, answerTo(approval, "allow", ANNA));
      const { turn } = await subject.client.send(request);
      assert.deepEqual(turn?.approvals, [decided]);
      assert.equal((await next.told).final?.state, TurnState.COMPLETED);
    },
  },
  {
    name: "questions delay no other session, and an answer decides in its own session only",
    async run(subject) {
      const asking = Array.from({ length: SESSIONS_THAT_ASK }, () => askedTurn(subject));
      const [answered, ...waiting] = await Promise.all(asking);
      assert.ok(answered);
      const { sessionId } = await newSession(subject);
      await say(subject, sessionId, "quick");
      await resolve(subject, answered.sessionId, answerTo(answered.approval, "allow", ANNA));
      assert.equal((await answered.rest()).final?.state, TurnState.COMPLETED);
      for (const { sessionId, approval } of waiting) {
        const turn = await onlyTurn(subject, sessionId);
        assert.equal(turn.state, TurnState.RUNNING, "the question was waited for");
        assert.deepEqual(turn.approvals, [approval]);
        await subject.client.end({ sessionId });
      }
    },
  },
];
