import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { Reason, type Turn, TurnState } from "@amp/proto";
import { status } from "@grpc/grpc-js";
import type { Case } from "../../case.js";
import { assertFails } from "../failure.js";
import { drain, getSession, newSession, say, transcript } from "../steps.js";
import type { BackendSubject } from "../subject.js";
import { openWatch } from "../watching.js";

/** A turn that its agent failed; never taken for a dead session. */
export const failedTurnCases: Case<BackendSubject>[] = [
  {
    name: "a failed turn is stored, and told to watchers, as Send answered it",
    async run(subject) {
      const { sessionId } = await newSession(subject);
      const watch = await openWatch(subject, sessionId);
      const turn = await failedTurn(subject, sessionId, randomUUID());
      assert.equal(turn.seq, 1);
      assert.notEqual(turn.failure?.message, "");
      await subject.client.end({ sessionId });
      const { turns } = await watch.told;
      assert.deepEqual(turns.at(-1)?.event, { $case: "failed", value: turn });
    },
  },
  {
    name: "Send and SendStream repeated after a failed turn fail alike and run nothing",
    async run(subject) {
      const { client } = subject;
      const { sessionId } = await newSession(subject);
      const request = { sessionId, message: "fail", requestId: randomUUID() };
      const { failure } = await failedTurn(subject, sessionId, request.requestId);
      const code: status = failure?.code ?? status.OK;
      const metadata = { session_id: sessionId, seq: "1" };
      const repeats = [() => client.send(request), () => drain(client.sendStream(request))];
      for (const repeat of repeats) {
        const again: Promise<unknown> = repeat();
        await assertFails(again, code, Reason.TURN_FAILED, metadata);
        const [{ reason }] = (await Promise.allSettled([again])) as [PromiseRejectedResult];
        assert.equal(reason.details, failure?.message, "the repeat has another text");
      }
      assert.equal((await getSession(subject, sessionId)).turnCount, 1);
    },
  },
  {
    name: "SendStream of a turn that fails, for the first time and alone, fails with TURN_FAILED",
    async run(subject) {
      const { client } = subject;
      const { sessionId } = await newSession(subject);
      for (const seq of [1, 2]) {
        const call = drain(client.sendStream({ sessionId, message: "fail" }));
        await Promise.allSettled([call]);
        const { failure } = (await transcript(subject, sessionId))[seq - 1] ?? {};
        const code: status = failure?.code ?? status.OK;
        await assertFails(call, code, Reason.TURN_FAILED, { seq: String(seq) });
      }
    },
  },
  {
    name: "a session goes on after a failed turn",
    async run(subject) {
      const { sessionId } = await newSession(subject);
      await failedTurn(subject, sessionId, randomUUID());
      assert.match((await say(subject, sessionId, "still here")).reply, /still here/);
    },
  },
];

/** Makes the agent fail; asserts that Send answers what is stored, and that it is TURN_FAILED. */
async function failedTurn(
  subject: BackendSubject,
  sessionId: string,
  requestId: string,
): Promise<Turn> {
  const call = subject.client.send({ sessionId, message: "fail", requestId });
  await Promise.allSettled([call]);
  const turn = (await transcript(subject, sessionId)).find((each) => each.requestId === requestId);
  assert.equal(turn?.state, TurnState.FAILED);
  const code: status = turn.failure?.code ?? status.OK;
  assert.notEqual(code, status.NOT_FOUND);
  assert.notEqual(code, status.OK);
  await assertFails(call, code, Reason.TURN_FAILED, {
    session_id: sessionId,
    seq: String(turn.seq),
  });
  return turn;
}
