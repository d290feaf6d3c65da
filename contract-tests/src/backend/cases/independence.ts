import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { TurnState } from "@amp/proto";
import { status } from "@grpc/grpc-js";
import type { Case } from "../../case.js";
import { beginRunning, getSession, newSession, say, transcript } from "../steps.js";
import type { BackendSubject } from "../subject.js";

/** A turn that was accepted does not depend on who asked for it, nor a session on its neighbours. */
export const independenceCases: Case<BackendSubject>[] = [
  {
    name: "the caller's deadline does not stop the turn; a repeat joins it",
    async run(subject) {
      const { sessionId } = await newSession(subject);
      const request = { sessionId, message: "slow 1 patience", requestId: randomUUID() };
      const impatient = subject.client.send(request, { timeout: 300 });
      await assert.rejects(impatient, { code: status.DEADLINE_EXCEEDED });
      const { turn } = await subject.client.send(request);
      assert.match(turn?.reply ?? "", /patience/);
      assert.deepEqual(await transcript(subject, sessionId), [turn]);
    },
  },
  {
    name: "a caller who leaves the stream does not stop the turn; a repeat joins it",
    async run(subject) {
      const { sessionId } = await newSession(subject);
      const request = { sessionId, message: "slow 1 goes on", requestId: randomUUID() };
      for await (const _event of subject.client.sendStream(request)) break;
      const { turn } = await subject.client.send(request);
      assert.equal(turn?.state, TurnState.COMPLETED);
      assert.equal((await getSession(subject, sessionId)).turnCount, 1);
    },
  },
  {
    name: "a turn that waits runs also when its caller has left, by deadline or by hanging up",
    async run(subject) {
      const { client } = subject;
      const { sessionId } = await newSession(subject);
      const before = await beginRunning(subject, { sessionId, message: "slow 4 first" });
      const waiting = { sessionId, message: "of the impatient", requestId: randomUUID() };
      // Accepted for sure before the deadline, on however busy a machine.
      for await (const _ of client.sendStream(waiting)) break;
      const impatient = client.send(waiting, { timeout: 200 });
      await assert.rejects(impatient, { code: status.DEADLINE_EXCEEDED });
      for await (const _ of client.sendStream({ sessionId, message: "of who hung up" })) break;
      await before.told;
      await say(subject, sessionId, "last");
      const turns = await transcript(subject, sessionId);
      assert.deepEqual(
        turns.map(({ message, state }) => [message, state]),
        ["slow 4 first", "of the impatient", "of who hung up", "last"].map((message) => [
          message,
          TurnState.COMPLETED,
        ]),
      );
    },
  },
  {
    name: "a slow session does not delay another",
    async run(subject) {
      const [slow, quick] = await Promise.all([newSession(subject), newSession(subject)]);
      await beginRunning(subject, { sessionId: slow.sessionId, message: "slow 30" });
      await say(subject, quick.sessionId, "quick");
      const [turn] = await transcript(subject, slow.sessionId);
      assert.equal(turn?.state, TurnState.RUNNING, "the slow turn was waited for");
      await subject.client.end({ sessionId: slow.sessionId });
    },
  },
];
