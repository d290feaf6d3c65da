import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { TurnState } from "@amp/proto";
import type { Case } from "../../case.js";
import { begin, beginRunning, getSession, newSession, say, transcript } from "../steps.js";
import type { BackendSubject } from "../subject.js";

/** Send: one turn, its reply, and that a repeat never runs it twice. */
export const sendCases: Case<BackendSubject>[] = [
  {
    name: "Send answers the reply and the completed turn, as it is stored",
    async run(subject) {
      const { sessionId } = await newSession(subject);
      const author = { surface: "contract", user: "U1", displayName: "Ada" };
      const request = { sessionId, message: "Hello there", requestId: randomUUID(), author };
      const { reply, turn } = await subject.client.send(request);
      assert.ok(turn, "Send answered without a turn");
      assert.match(reply, /Hello there/);
      assert.equal(turn.reply, reply);
      assert.equal(turn.sessionId, sessionId);
      assert.equal(turn.seq, 1);
      assert.equal(turn.requestId, request.requestId);
      assert.equal(turn.message, "Hello there");
      assert.deepEqual(turn.author, author);
      assert.equal(turn.state, TurnState.COMPLETED);
      assert.equal(turn.failure, undefined);
      assert.ok(turn.createdAt && turn.finishedAt && turn.createdAt <= turn.finishedAt);
      assert.deepEqual(await transcript(subject, sessionId), [turn]);
      const session = await getSession(subject, sessionId);
      assert.deepEqual([session.turnCount, session.openTurns], [1, 0]);
    },
  },
  {
    name: "Send without a request_id is another turn each time, with an id made up",
    async run(subject) {
      const { sessionId } = await newSession(subject);
      const first = await say(subject, sessionId, "again");
      const second = await say(subject, sessionId, "again");
      assert.deepEqual([first.seq, second.seq], [1, 2]);
      assert.ok(first.requestId && second.requestId, "no request_id was made up");
      assert.notEqual(first.requestId, second.requestId);
    },
  },
  {
    name: "20 concurrent Sends with one request_id run one turn and all get its reply",
    async run(subject) {
      const { sessionId } = await newSession(subject);
      const request = { sessionId, message: "slow 0.5 once", requestId: randomUUID() };
      const repeats = Array.from({ length: 20 }, () => subject.client.send(request));
      const [first, ...others] = await Promise.all(repeats);
      for (const other of others) assert.deepEqual(other, first);
      assert.equal((await getSession(subject, sessionId)).turnCount, 1);
      assert.equal((await transcript(subject, sessionId)).length, 1);
    },
  },
  {
    name: "Send repeated after the turn answers the stored reply",
    async run(subject) {
      const { sessionId } = await newSession(subject);
      const request = { sessionId, message: "remembered", requestId: randomUUID() };
      const first = await subject.client.send(request);
      await say(subject, sessionId, "something else");
      assert.deepEqual(await subject.client.send(request), first);
      assert.equal((await getSession(subject, sessionId)).turnCount, 2);
    },
  },
  {
    name: "Send with a request_id of another session is a turn of its own",
    async run(subject) {
      const [one, two] = await Promise.all([newSession(subject), newSession(subject)]);
      const requestId = randomUUID();
      await subject.client.send({ sessionId: one.sessionId, message: "one", requestId });
      const { reply } = await subject.client.send({
        sessionId: two.sessionId,
        message: "two",
        requestId,
      });
      assert.match(reply, /two/);
    },
  },
  {
    name: "Send keeps texts in any script",
    async run(subject) {
      const { sessionId } = await newSession(subject);
      const message = "Příliš 🐎👩‍👩‍👧 日本語 עברית\n\ttab `code` $1 'quote' \\n";
      const turn = await say(subject, sessionId, message);
      assert.equal(turn.message, message);
      assert.ok(turn.reply.includes(message), "the reply has lost characters of the message");
      assert.deepEqual(await transcript(subject, sessionId), [turn]);
    },
  },
  {
    name: "Send takes a message of 100 kB",
    async run(subject) {
      const { sessionId } = await newSession(subject);
      const message = "0123456789".repeat(10_000);
      const turn = await say(subject, sessionId, message);
      assert.ok(turn.message === message, "the message was changed");
      assert.ok(turn.reply.includes(message), "the reply is not whole");
    },
  },
  {
    name: "last_active_at follows the end of a turn, and not only its acceptance",
    async run(subject) {
      const { sessionId } = await newSession(subject);
      const { createdAt } = await say(subject, sessionId, "slow 0.8 until the end");
      const { lastActiveAt } = await getSession(subject, sessionId);
      assert.ok(createdAt && lastActiveAt);
      // The turn took 0.8 s; a clock may count in tenths of a second.
      assert.ok(
        lastActiveAt.getTime() - createdAt.getTime() >= 500,
        "it tells the acceptance only",
      );
    },
  },
  {
    name: "turn_count and open_turns follow the turns; last_active_at grows",
    async run(subject) {
      const { sessionId, lastActiveAt } = await newSession(subject);
      const running = await beginRunning(subject, { sessionId, message: "slow 30" });
      await begin(subject, { sessionId, message: "waits" });
      const busy = await getSession(subject, sessionId);
      assert.deepEqual([busy.turnCount, busy.openTurns], [2, 2]);
      assert.ok(busy.lastActiveAt && lastActiveAt && busy.lastActiveAt >= lastActiveAt);
      await subject.client.end({ sessionId });
      await running.told;
      const ended = await getSession(subject, sessionId);
      assert.deepEqual([ended.turnCount, ended.openTurns], [2, 0]);
    },
  },
];
