import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import type { Case } from "../../case.js";
import { begin, drain, getSession, newSession, say, transcript } from "../steps.js";
import type { BackendSubject } from "../subject.js";
import { DELICATE_TEXTS, nearlyEqualIds } from "../texts.js";

/** As many characters as the contract allows in a message, no two stretches of it alike. */
const LONGEST_MESSAGE = Array.from({ length: 40_000 }, (_, n) => String(n).padStart(5, "0")).join(
  "",
);

/** What is sent is what is stored, to the last character. */
export const keptCases: Case<BackendSubject>[] = [
  ...Object.entries(DELICATE_TEXTS).map(([what, text]) => ({
    name: `a message keeps ${what}, in the answer and in the transcript`,
    async run(subject: BackendSubject) {
      const { sessionId } = await newSession(subject);
      const turn = await say(subject, sessionId, text);
      assert.equal(turn.message, text);
      assert.ok(turn.reply.includes(text), "the agent was given another message");
      const streamed = await (await begin(subject, { sessionId, message: text })).told;
      assert.equal(streamed.final?.message, text);
      assert.equal(streamed.reply, streamed.final.reply);
      assert.deepEqual(await transcript(subject, sessionId), [turn, streamed.final]);
    },
  })),
  ...Object.entries(DELICATE_TEXTS).map(([what, text]) => ({
    name: `descriptions, reasons and names keep ${what}`,
    async run(subject: BackendSubject) {
      const description = text;
      const author = { surface: "contract", user: "U1", displayName: text };
      const { sessionId } = await newSession(subject, { description });
      const { turn } = await subject.client.send({ sessionId, message: "by name", author });
      assert.deepEqual(turn?.author, author);
      await subject.client.end({ sessionId, reason: text });
      const session = await getSession(subject, sessionId);
      assert.deepEqual([session.description, session.endReason], [description, text]);
      assert.deepEqual((await transcript(subject, sessionId))[0]?.author, author);
    },
  })),
  {
    name: "a message of 200,000 characters comes back whole, from Send and from ListTurns",
    async run(subject) {
      const { sessionId } = await newSession(subject);
      const turn = await say(subject, sessionId, LONGEST_MESSAGE);
      const [stored, ...others] = await transcript(subject, sessionId);
      assert.equal(others.length, 0);
      for (const each of [turn, stored]) {
        assert.ok(each?.message === LONGEST_MESSAGE, "the message was changed");
        assert.ok(each.reply.includes(LONGEST_MESSAGE), "the reply is not whole");
      }
      assert.ok(stored?.reply === turn.reply, "the stored reply is another one");
    },
  },
  {
    name: "a message of 1 character, and one of 199,999, are taken as they are",
    async run(subject) {
      const { sessionId } = await newSession(subject);
      for (const message of ["x", LONGEST_MESSAGE.slice(1)]) {
        const turn = await say(subject, sessionId, message);
        assert.ok(turn.message === message && turn.reply.includes(message));
      }
    },
  },
  {
    name: "a description and a reason of 1,000 characters come back whole",
    async run(subject) {
      const text = Array.from({ length: 250 }, (_, n) => String(n).padStart(4, "0")).join("");
      const { sessionId } = await newSession(subject, { description: text });
      await subject.client.end({ sessionId, reason: text });
      const { description, endReason } = await getSession(subject, sessionId);
      assert.deepEqual([description, endReason], [text, text]);
    },
  },
  {
    name: "Sends with request_ids that nearly match are a turn each",
    async run(subject) {
      const { sessionId } = await newSession(subject);
      const ids = nearlyEqualIds();
      for (const [at, requestId] of ids.entries()) {
        const { turn } = await subject.client.send({ sessionId, message: `turn ${at}`, requestId });
        assert.deepEqual(
          [turn?.seq, turn?.requestId, turn?.message],
          [at + 1, requestId, `turn ${at}`],
        );
      }
      assert.deepEqual(
        (await transcript(subject, sessionId)).map(({ requestId }) => requestId),
        ids,
      );
    },
  },
  {
    name: "Send repeated with another message or author answers the first turn, and leaves it as it is",
    async run(subject) {
      const { client } = subject;
      const { sessionId } = await newSession(subject);
      const author = { surface: "contract", user: "U1", displayName: "Ada" };
      const request = { sessionId, message: "the first", requestId: randomUUID(), author };
      const first = await client.send(request);
      const other = { surface: "contract", user: "U2", displayName: "Bob" };
      assert.deepEqual(await client.send({ ...request, message: "another", author: other }), first);
      const events = await drain(client.sendStream({ ...request, message: "a third" }));
      const last = events.findLast(({ event }) => event?.event !== undefined);
      assert.deepEqual(last?.event?.event, { $case: "completed", value: first.turn });
      assert.deepEqual(await transcript(subject, sessionId), [first.turn]);
      assert.equal((await getSession(subject, sessionId)).turnCount, 1);
    },
  },
];
