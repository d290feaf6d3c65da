import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { EndKind, Reason, SessionState, TurnState } from "@amp/proto";
import { status } from "@grpc/grpc-js";
import type { Case } from "../../case.js";
import { assertDead, assertFailure } from "../failure.js";
import { begin, beginRunning, getSession, newSession, say, transcript } from "../steps.js";
import type { BackendSubject } from "../subject.js";
import { openWatch } from "../watching.js";

/** End: for good, once, and nothing goes on. */
export const endCases: Case<BackendSubject>[] = [
  {
    name: "End tells whether this call did it; the first reason stays",
    async run(subject) {
      const { sessionId } = await newSession(subject);
      assert.deepEqual(await subject.client.end({ sessionId, reason: "one" }), { ended: true });
      assert.deepEqual(await subject.client.end({ sessionId, reason: "two" }), { ended: false });
      assert.equal((await getSession(subject, sessionId)).endReason, "one");
      for (const reason of ["", "three"]) {
        assert.deepEqual(await subject.client.end({ sessionId, reason }), { ended: false });
      }
      assert.equal((await getSession(subject, sessionId)).endReason, "one");
    },
  },
  {
    name: "an ended session says so with its end_kind, to Get, List and Watch",
    async run(subject) {
      const { sessionId, endKind } = await newSession(subject);
      assert.equal(endKind, EndKind.UNSPECIFIED);
      await say(subject, sessionId, "still alive");
      assert.equal((await getSession(subject, sessionId)).endKind, EndKind.UNSPECIFIED);
      const watch = await openWatch(subject, sessionId);
      await subject.client.end({ sessionId });
      const { sessions } = await subject.client.list({ sessionIds: [sessionId] });
      const { ended } = await watch.told;
      assert.deepEqual(sessions, [await getSession(subject, sessionId)]);
      for (const session of [await getSession(subject, sessionId), sessions[0], ended]) {
        assert.equal(session?.state, SessionState.ENDED);
        assert.equal(session.endKind, EndKind.ENDED);
      }
    },
  },
  {
    name: "End of an unknown session is OK and did nothing",
    async run({ client }) {
      assert.deepEqual(await client.end({ sessionId: randomUUID() }), { ended: false });
    },
  },
  {
    name: "of 10 concurrent Ends exactly one did it",
    async run(subject) {
      const { sessionId } = await newSession(subject);
      const ends = Array.from({ length: 10 }, () => subject.client.end({ sessionId }));
      const did = (await Promise.all(ends)).filter(({ ended }) => ended);
      assert.equal(did.length, 1);
    },
  },
  {
    name: "End cancels the running turn and those that wait; their callers learn that it ended",
    async run(subject) {
      const { sessionId } = await newSession(subject);
      const running = await beginRunning(subject, { sessionId, message: "slow 30" });
      const queued = await begin(subject, { sessionId, message: "waits" });
      const joined = subject.client.send({
        sessionId,
        message: "slow 30",
        requestId: running.turn.requestId,
      });
      const waiting = assertDead(joined, Reason.SESSION_ENDED, sessionId);
      await subject.client.end({ sessionId });
      await waiting;
      for (const { told } of [running, queued]) {
        assertFailure((await told).error, status.NOT_FOUND, Reason.SESSION_ENDED, {
          session_id: sessionId,
        });
      }
      assert.deepEqual(
        (await transcript(subject, sessionId)).map(({ state }) => state),
        [TurnState.CANCELLED, TurnState.CANCELLED],
      );
    },
  },
];
