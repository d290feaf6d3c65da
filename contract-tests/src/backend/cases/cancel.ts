import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { Reason, TurnState } from "@amp/proto";
import { status } from "@grpc/grpc-js";
import type { Case } from "../../case.js";
import { assertFails, assertFailure } from "../failure.js";
import { begin, getSession, newSession, say, transcript } from "../steps.js";
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
      const { told } = await begin(subject, request);
      const joined = assertCancelled(subject.client.send(request), sessionId);
      assert.deepEqual(await subject.client.cancel({ sessionId }), { cancelled: true });
      await joined;
      const { error } = await told;
      assertFailure(error, status.CANCELLED, Reason.TURN_CANCELLED, { session_id: sessionId });
      const [turn] = await transcript(subject, sessionId);
      assert.equal(turn?.state, TurnState.CANCELLED);
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
      assertFailure((await queued.told).error, status.CANCELLED, Reason.TURN_CANCELLED);
      assert.match((await running.told).final?.reply ?? "", /undisturbed/);
      assert.deepEqual(
        (await transcript(subject, sessionId)).map(({ state }) => state),
        [TurnState.COMPLETED, TurnState.CANCELLED],
      );
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
