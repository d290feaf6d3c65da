import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { TurnState } from "@amp/proto";
import type { Case } from "../../case.js";
import { begin, drain, getSession, newSession, transcript } from "../steps.js";
import type { BackendSubject } from "../subject.js";

/** SendStream: the same turn as Send's, told as it happens. */
export const sendStreamCases: Case<BackendSubject>[] = [
  {
    name: "SendStream tells acceptance, deltas that make up the reply, and completion, then ends",
    async run(subject) {
      const { sessionId } = await newSession(subject);
      const { turn, told } = await begin(subject, { sessionId, message: "slow 0.5 stream" });
      const { kinds, reply, final, error } = await told;
      if (error) throw error;
      assert.equal(turn.seq, 1);
      assert.equal(kinds.at(-1), "completed");
      assert.ok(kinds.includes("started"), "the turn never started");
      assert.ok(kinds.includes("textDelta"), "no delta came");
      assert.equal(final?.state, TurnState.COMPLETED);
      assert.match(final.reply, /stream/);
      assert.equal(reply, final.reply, "the deltas do not make up the reply");
      assert.deepEqual(await transcript(subject, sessionId), [final]);
    },
  },
  {
    name: "SendStream's first event says that the turn is stored",
    async run(subject) {
      const { sessionId } = await newSession(subject);
      const { turn, started } = await begin(subject, { sessionId, message: "slow 30" });
      const stored = await transcript(subject, sessionId);
      assert.deepEqual(
        stored.map(({ seq, requestId, message }) => ({ seq, requestId, message })),
        [{ seq: 1, requestId: turn.requestId, message: "slow 30" }],
      );
      await started;
      assert.equal((await transcript(subject, sessionId))[0]?.state, TurnState.RUNNING);
      await subject.client.end({ sessionId });
    },
  },
  {
    name: "SendStream joins a running turn with all told so far",
    async run(subject) {
      const { sessionId } = await newSession(subject);
      const request = { sessionId, message: "slow 1 together", requestId: randomUUID() };
      const first = subject.client.sendStream(request);
      for await (const { event } of first) if (event?.event?.$case === "textDelta") break;
      const joined = await begin(subject, request);
      const [told, { reply }] = await Promise.all([joined.told, subject.client.send(request)]);
      assert.equal(told.reply, reply, "a stream that joined does not make up the reply");
      assert.equal(told.final?.reply, reply);
      assert.equal((await getSession(subject, sessionId)).turnCount, 1);
    },
  },
  {
    name: "several SendStreams on one running turn each make up the reply",
    async run(subject) {
      const { sessionId } = await newSession(subject);
      const request = { sessionId, message: "slow 1 for several", requestId: randomUUID() };
      const streams = [
        await begin(subject, request),
        await begin(subject, request),
        await begin(subject, request),
      ];
      const { reply, turn } = await subject.client.send(request);
      for (const { told } of streams) {
        const { reply: deltas, final } = await told;
        assert.equal(deltas, reply, "the deltas do not make up the reply");
        assert.deepEqual(final, turn);
      }
    },
  },
  {
    name: "SendStream repeated after the turn ends with the stored turn",
    async run(subject) {
      const { sessionId } = await newSession(subject);
      const request = { sessionId, message: "kept", requestId: randomUUID() };
      const { turn } = await subject.client.send(request);
      const events = await drain(subject.client.sendStream(request));
      const last = events.findLast(({ event }) => event?.event !== undefined);
      assert.deepEqual(last?.event?.event, { $case: "completed", value: turn });
      assert.equal((await getSession(subject, sessionId)).turnCount, 1);
    },
  },
];
