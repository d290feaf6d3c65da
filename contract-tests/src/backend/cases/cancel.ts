import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { Reason, TurnState } from "@amp/proto";
import { status } from "@grpc/grpc-js";
import type { Case } from "../../case.js";
import { assertFails, assertFailure } from "../failure.js";
import { begin, beginRunning, getSession, newSession, say, transcript } from "../steps.js";
import type { BackendSubject } from "../subject.js";
import { openWatch } from "../watching.js";

/** Cancel: one turn stops, the session goes on. */
export const cancelCases: Case<BackendSubject>[] = [
  {
    name: "Cancel stops the running turn; its callers get CANCELLED, the session goes on",
    async run(subject) {
      const { sessionId } = await newSession(subject);
      const request = { sessionId, message: "slow 30", requestId: randomUUID() };
      const watch = await openWatch(subject, sessionId);
      const { told } = await beginRunning(subject, request);
      const joined = assertCancelled(subject.client.send(request), sessionId);
      assert.deepEqual(await subject.client.cancel({ sessionId }), { cancelled: true });
      await joined;
      const { error } = await told;
      assertFailure(error, status.CANCELLED, Reason.TURN_CANCELLED, {
        session_id: sessionId,
        seq: "1",
      });
      const [turn] = await transcript(subject, sessionId);
      assert.equal(turn?.state, TurnState.CANCELLED);
      assert.equal(turn.failure, undefined, "a cancelled turn did not fail");
      assert.equal((await say(subject, sessionId, "next")).seq, 2);
      await subject.client.end({ sessionId });
      const { turns } = await watch.told;
      const last = turns.findLast(({ seq }) => seq === 1);
      assert.deepEqual(last?.event, { $case: "cancelled", value: turn });
    },
  },
  {
    name: "Send repeated after a Cancel answers CANCELLED and runs nothing",
    async run(subject) {
      const { sessionId } = await newSession(subject);
      const request = { sessionId, message: "slow 30", requestId: randomUUID() };
      const { told } = await begin(subject, request);
      await subject.client.cancel({ sessionId, seq: 1 });
      await told;
      await assertCancelled(subject.client.send(request), sessionId);
      assert.equal((await getSession(subject, sessionId)).turnCount, 1);
    },
  },
  {
    name: "Cancel of a waiting turn leaves the running one alone",
    async run(subject) {
      const { sessionId } = await newSession(subject);
      const running = await begin(subject, { sessionId, message: "slow 1 undisturbed" });
      const queued = await begin(subject, { sessionId, message: "never said" });
      assert.deepEqual(await subject.client.cancel({ sessionId, seq: 2 }), { cancelled: true });
      assertFailure((await queued.told).error, status.CANCELLED, Reason.TURN_CANCELLED, {
        session_id: sessionId,
        seq: "2",
      });
      assert.match((await running.told).final?.reply ?? "", /undisturbed/);
      assert.deepEqual(
        (await transcript(subject, sessionId)).map(({ state }) => state),
        [TurnState.COMPLETED, TurnState.CANCELLED],
      );
    },
  },
  {
    name: "Cancel without a seq stops the turn that runs, and those that wait behind it run",
    async run(subject) {
      const { sessionId } = await newSession(subject);
      const running = await beginRunning(subject, { sessionId, message: "slow 30" });
      const waiting = [
        await begin(subject, { sessionId, message: "waits first" }),
        await begin(subject, { sessionId, message: "waits second" }),
      ];
      assert.deepEqual(await subject.client.cancel({ sessionId }), { cancelled: true });
      await running.told;
      const replies = await Promise.all(waiting.map(({ told }) => told));
      assert.match(replies[0]?.final?.reply ?? "", /waits first/);
      assert.match(replies[1]?.final?.reply ?? "", /waits second/);
      assert.deepEqual(
        (await transcript(subject, sessionId)).map(({ state }) => state),
        [TurnState.CANCELLED, TurnState.COMPLETED, TurnState.COMPLETED],
      );
    },
  },
  {
    name: "Cancel of a turn that is over changes nothing of it",
    async run(subject) {
      const { sessionId } = await newSession(subject);
      await say(subject, sessionId, "over");
      const { told } = await beginRunning(subject, { sessionId, message: "slow 30" });
      await subject.client.cancel({ sessionId, seq: 2 });
      await told;
      const before = await transcript(subject, sessionId);
      for (const seq of [1, 2, 3, 0]) {
        assert.deepEqual(await subject.client.cancel({ sessionId, seq }), { cancelled: false });
      }
      assert.deepEqual(await transcript(subject, sessionId), before);
    },
  },
  {
    name: "Cancel with nothing to stop is OK and says so",
    async run(subject) {
      const { sessionId } = await newSession(subject);
      const { client } = subject;
      assert.deepEqual(await client.cancel({ sessionId }), { cancelled: false });
      await say(subject, sessionId, "done");
      assert.deepEqual(await client.cancel({ sessionId, seq: 1 }), { cancelled: false });
      assert.deepEqual(await client.cancel({ sessionId, seq: 99 }), { cancelled: false });
    },
  },
];

function assertCancelled(call: Promise<unknown>, sessionId: string): Promise<void> {
  return assertFails(call, status.CANCELLED, Reason.TURN_CANCELLED, { session_id: sessionId });
}
