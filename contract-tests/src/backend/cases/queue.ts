import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { Reason } from "@amp/proto";
import { status } from "@grpc/grpc-js";
import type { Case } from "../../case.js";
import { assertFails, assertFailure } from "../failure.js";
import { begin, getSession, newSession, say, transcript } from "../steps.js";
import type { BackendSubject } from "../subject.js";
import { openWatch } from "../watching.js";

/** No session may be able to queue more than this. */
const MOST_QUEUED = 500;

/** The waiting turns of a session. */
export const queueCases: Case<BackendSubject>[] = [
  {
    name: "at least 8 turns may wait in a session",
    async run(subject) {
      const { sessionId } = await newSession(subject);
      for (let turn = 0; turn < 9; turn += 1) {
        await begin(subject, { sessionId, message: turn === 0 ? "slow 60" : `waits ${turn}` });
      }
      assert.equal((await getSession(subject, sessionId)).openTurns, 9);
      await subject.client.end({ sessionId });
    },
  },
  {
    name: "turns of a session run one at a time, in the order of their acceptance",
    async run(subject) {
      const { sessionId } = await newSession(subject);
      const watched = await openWatch(subject, sessionId);
      const begun = [await begin(subject, { sessionId, message: "slow 0.5" })];
      for (const message of ["two", "three", "four"]) {
        begun.push(await begin(subject, { sessionId, message }));
      }
      assert.deepEqual(
        begun.map(({ turn }) => turn.seq),
        [1, 2, 3, 4],
      );
      await Promise.all(begun.map(({ told }) => told));
      await subject.client.end({ sessionId });
      const { turns } = await watched.told;
      const steps = turns.flatMap(({ seq, event }) =>
        event?.$case === "started" || event?.$case === "completed" ? `${event.$case} ${seq}` : [],
      );
      // A turn may be told again from its beginning, as when the session moved: the last time counts.
      const last = steps.filter((step, at) => !steps.includes(step, at + 1));
      assert.deepEqual(
        last,
        [1, 2, 3, 4].flatMap((seq) => [`started ${seq}`, `completed ${seq}`]),
      );
    },
  },
  {
    name: "a full queue is RESOURCE_EXHAUSTED, and takes turns again when one is gone",
    async run(subject) {
      const { sessionId } = await newSession(subject);
      await begin(subject, { sessionId, message: "slow 60" });
      assertFailure(
        await fillQueue(subject, sessionId),
        status.RESOURCE_EXHAUSTED,
        Reason.QUEUE_FULL,
        { session_id: sessionId },
      );
      const accepted = (await transcript(subject, sessionId)).length;
      const { cancelled } = await subject.client.cancel({ sessionId, seq: 2 });
      assert.ok(cancelled, "a queued turn could not be cancelled");
      const next = await begin(subject, { sessionId, message: "takes the free place" });
      assert.equal(next.turn.seq, accepted + 1, "a refused turn has taken a number");
      assert.equal((await getSession(subject, sessionId)).turnCount, accepted + 1);
      await subject.client.end({ sessionId });
    },
  },
  {
    name: "a full queue of one session refuses no turn of another",
    async run(subject) {
      const [full, other] = await Promise.all([newSession(subject), newSession(subject)]);
      await begin(subject, { sessionId: full.sessionId, message: "slow 60" });
      const { sessionId } = full;
      const refusal = await fillQueue(subject, sessionId);
      assertFailure(refusal, status.RESOURCE_EXHAUSTED, Reason.QUEUE_FULL);
      assert.match((await say(subject, other.sessionId, "room here")).reply, /room here/);
      const request = { sessionId, message: "still full", requestId: randomUUID() };
      await assertFails(subject.client.send(request), status.RESOURCE_EXHAUSTED, Reason.QUEUE_FULL);
      await subject.client.end({ sessionId });
    },
  },
];

/** Sends until a turn is refused; answers the refusal. */
async function fillQueue(subject: BackendSubject, sessionId: string): Promise<unknown> {
  for (let waiting = 0; waiting < MOST_QUEUED; waiting += 1) {
    try {
      await begin(subject, { sessionId, message: "waits" });
    } catch (error) {
      return error;
    }
  }
  return assert.fail(`${MOST_QUEUED} turns wait and none was refused`);
}
