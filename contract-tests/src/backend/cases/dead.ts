import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { Reason, SessionState } from "@amp/proto";
import type { Case } from "../../case.js";
import { assertDead } from "../failure.js";
import { drain, getSession, listAll, newSession, say, transcript } from "../steps.js";
import type { BackendSubject } from "../subject.js";

type Call = (subject: BackendSubject, sessionId: string) => Promise<unknown>;

/** The calls that need a session that is alive. */
const LIVE: Record<string, Call> = {
  Send: ({ client }, sessionId) => client.send({ sessionId, message: "hello?" }),
  SendStream: ({ client }, sessionId) => drain(client.sendStream({ sessionId, message: "hello?" })),
  Watch: ({ client }, sessionId) => drain(client.watch({ sessionId })),
  Cancel: ({ client }, sessionId) => client.cancel({ sessionId }),
  ResolveApproval: ({ client }, sessionId) =>
    client.resolveApproval({ sessionId, approvalId: "any", optionId: "any" }),
};
/** The calls that read a session, alive or not. */
const READING: Record<string, Call> = {
  Get: ({ client }, sessionId) => client.get({ sessionId }),
  ListTurns: ({ client }, sessionId) => client.listTurns({ sessionId }),
};

/** What is NOT_FOUND, and the two reasons for it. */
export const deadCases: Case<BackendSubject>[] = [
  ...Object.entries({ ...LIVE, ...READING }).map(([name, call]) => ({
    name: `${name} on an unknown session is NOT_FOUND, SESSION_UNKNOWN`,
    async run(subject: BackendSubject) {
      for (const sessionId of [randomUUID(), "no-such-session", "žádná 🐎"]) {
        await assertDead(call(subject, sessionId), Reason.SESSION_UNKNOWN, sessionId);
      }
    },
  })),
  ...Object.entries(LIVE).map(([name, call]) => ({
    name: `${name} on an ended session is NOT_FOUND, SESSION_ENDED`,
    async run(subject: BackendSubject) {
      const { sessionId } = await newSession(subject);
      await subject.client.end({ sessionId });
      // Again and again: a backend may remember the end for the first caller only.
      for (let times = 0; times < 4; times += 1) {
        await assertDead(call(subject, sessionId), Reason.SESSION_ENDED, sessionId);
      }
      const together = Array.from({ length: 4 }, () => call(subject, sessionId));
      await Promise.all(together.map((each) => assertDead(each, Reason.SESSION_ENDED, sessionId)));
    },
  })),
  {
    name: "create, send, end, send: the last is NOT_FOUND, also when it repeats the first",
    async run(subject) {
      const { sessionId } = await newSession(subject);
      const request = { sessionId, message: "alive", requestId: randomUUID() };
      await subject.client.send(request);
      await subject.client.end({ sessionId });
      for (const dead of [{ ...request, requestId: randomUUID() }, request]) {
        for (let times = 0; times < 3; times += 1) {
          await assertDead(subject.client.send(dead), Reason.SESSION_ENDED, sessionId);
          const stream = drain(subject.client.sendStream(dead));
          await assertDead(stream, Reason.SESSION_ENDED, sessionId);
        }
      }
      assert.equal((await getSession(subject, sessionId)).turnCount, 1);
    },
  },
  {
    name: "an ended session stays readable, with its transcript, reason and time",
    async run(subject) {
      const { sessionId } = await newSession(subject);
      const turn = await say(subject, sessionId, "for the record");
      await subject.client.end({ sessionId, reason: "enough" });
      const ended = await getSession(subject, sessionId);
      assert.equal(ended.state, SessionState.ENDED);
      assert.equal(ended.endReason, "enough");
      assert.ok(ended.endedAt && ended.createdAt && ended.endedAt >= ended.createdAt);
      assert.deepEqual(await transcript(subject, sessionId), [turn]);
      assert.deepEqual(await subject.client.end({ sessionId, reason: "again" }), { ended: false });
      assert.deepEqual(await getSession(subject, sessionId), ended);
      assert.deepEqual(await listAll(subject, { sessionIds: [sessionId] }), [ended]);
    },
  },
];
