import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { Reason, TurnState } from "@amp/proto";
import { status } from "@grpc/grpc-js";
import type { Case } from "../../case.js";
import { assertFails, assertFailure, isServiceError } from "../failure.js";
import { begin, getSession, newSession, say, transcript } from "../steps.js";
import type { BackendSubject } from "../subject.js";

/** A turn that its agent failed; never taken for a dead session. */
export const failedTurnCases: Case<BackendSubject>[] = [
  {
    name: "a failed turn is told, stored and answered alike, with TURN_FAILED and never NOT_FOUND",
    async run(subject) {
      const { sessionId } = await newSession(subject);
      const { told } = await begin(subject, { sessionId, message: "fail" });
      const { kinds, final, error } = await told;
      assert.equal(kinds.at(-1), "failed");
      assert.equal(final?.state, TurnState.FAILED);
      const code: status = final.failure?.code ?? status.OK;
      assert.ok(code !== status.OK && code !== status.NOT_FOUND, `failed with ${status[code]}`);
      assert.ok(isServiceError(error), "the stream of a failed turn ended with OK");
      assertFailure(error, code, Reason.TURN_FAILED, { session_id: sessionId });
      assert.notEqual(final.failure?.message, "");
      assert.deepEqual(await transcript(subject, sessionId), [final]);
    },
  },
  {
    name: "Send repeated after a failed turn answers the same failure and runs nothing",
    async run(subject) {
      const { sessionId } = await newSession(subject);
      const request = { sessionId, message: "fail", requestId: randomUUID() };
      const { final } = await (await begin(subject, request)).told;
      const code: status = final?.failure?.code ?? status.OK;
      for (let repeat = 0; repeat < 2; repeat += 1) {
        await assertFails(subject.client.send(request), code, Reason.TURN_FAILED);
      }
      assert.equal((await getSession(subject, sessionId)).turnCount, 1);
    },
  },
  {
    name: "a session goes on after a failed turn",
    async run(subject) {
      const { sessionId } = await newSession(subject);
      await (await begin(subject, { sessionId, message: "fail" })).told;
      assert.match((await say(subject, sessionId, "still here")).reply, /still here/);
    },
  },
];
