import assert from "node:assert/strict";
import { SessionState, TurnState } from "@amp/proto";
import type { Case } from "../../case.js";
import { begin, beginRunning, emptyTold, getSession, newSession, say, tell } from "../steps.js";
import type { BackendSubject } from "../subject.js";
import { openWatch } from "../watching.js";

/** Watch: a snapshot, then what happens, then the end. */
export const watchCases: Case<BackendSubject>[] = [
  {
    name: "Watch begins with the session and no open turns when it is idle",
    async run(subject) {
      const session = await newSession(subject, { description: "Watched" });
      const { snapshot } = await openWatch(subject, session.sessionId);
      assert.deepEqual(snapshot, { session, openTurns: [] });
      await subject.client.end({ sessionId: session.sessionId });
    },
  },
  {
    name: "Watch tells a whole turn of another caller, and ends with ended and OK",
    async run(subject) {
      const { sessionId } = await newSession(subject);
      const watches = [await openWatch(subject, sessionId), await openWatch(subject, sessionId)];
      const turn = await say(subject, sessionId, "slow 0.3 for all to see");
      await subject.client.end({ sessionId, reason: "seen" });
      for (const watch of watches) {
        const { turns, ended } = await watch.told;
        const told = emptyTold();
        for (const event of turns) tell(told, event);
        assert.equal(told.kinds.at(-1), "completed");
        assert.deepEqual(told.final, turn);
        assert.equal(told.reply, turn.reply, "the deltas do not make up the reply");
        assert.equal(ended?.sessionId, sessionId);
        assert.equal(ended.state, SessionState.ENDED);
        assert.equal(ended.endReason, "seen");
      }
    },
  },
  {
    name: "Watch begun before the first turn hears the whole of it",
    async run(subject) {
      const { sessionId } = await newSession(subject);
      const opening = [1, 2, 3].map(() => openWatch(subject, sessionId));
      const watches = await Promise.all(opening);
      const turn = await say(subject, sessionId, "slow 0.3 from the beginning");
      await subject.client.end({ sessionId });
      for (const { snapshot, told } of watches) {
        assert.equal(snapshot.session?.turnCount, 0);
        const heard = emptyTold();
        for (const event of (await told).turns) {
          assert.equal(event.seq, turn.seq);
          tell(heard, event);
        }
        assert.ok(["queued", "started"].includes(heard.kinds[0] ?? ""), "its beginning is missing");
        assert.ok(heard.kinds.includes("started"), "the turn never started");
        assert.ok(heard.kinds.includes("textDelta"), "no delta came");
        assert.equal(heard.reply, turn.reply);
        assert.deepEqual(heard.final, turn);
      }
    },
  },
  {
    name: "Watch begun in mid-turn tells what was told so far, what waits, and goes on from there",
    async run(subject) {
      const { sessionId } = await newSession(subject);
      const running = subject.client.sendStream({ sessionId, message: "slow 1 in the middle" });
      for await (const { event } of running) if (event?.event?.$case === "textDelta") break;
      await begin(subject, { sessionId, message: "waits" });
      const { snapshot, told } = await openWatch(subject, sessionId);
      assert.deepEqual(
        snapshot.openTurns.map(({ seq, state }) => [seq, state]),
        [
          [1, TurnState.RUNNING],
          [2, TurnState.QUEUED],
        ],
      );
      let reply = snapshot.openTurns[0]?.reply ?? "";
      assert.notEqual(reply, "", "what was told so far is missing");
      await subject.client.send({ sessionId, message: "last" });
      await subject.client.end({ sessionId });
      for (const { seq, event } of (await told).turns) {
        if (seq !== 1 || event === undefined) continue;
        if (event.$case === "started") reply = event.value.reply;
        if (event.$case === "textDelta") reply += event.value.text;
        if (event.$case === "completed") assert.equal(reply, event.value.reply);
      }
      assert.match(reply, /in the middle/);
    },
  },
  {
    name: "Watch tells that a turn was accepted while another runs",
    async run(subject) {
      const { sessionId } = await newSession(subject);
      await beginRunning(subject, { sessionId, message: "slow 30" });
      const { told } = await openWatch(subject, sessionId);
      const { turn } = await begin(subject, { sessionId, message: "waits" });
      await subject.client.end({ sessionId });
      const [first] = (await told).turns.filter(({ seq }) => seq === 2);
      assert.deepEqual(first?.event, { $case: "queued", value: turn });
    },
  },
  {
    name: "Watch begun after turns that are over has them in no snapshot",
    async run(subject) {
      const { sessionId } = await newSession(subject);
      await say(subject, sessionId, "over");
      await beginRunning(subject, { sessionId, message: "slow 30" });
      await subject.client.cancel({ sessionId });
      const { snapshot } = await openWatch(subject, sessionId);
      assert.deepEqual(snapshot.openTurns, []);
      assert.deepEqual(snapshot.session, await getSession(subject, sessionId));
      await subject.client.end({ sessionId });
    },
  },
  {
    name: "Watch of one session tells nothing of another",
    async run(subject) {
      const [one, two] = await Promise.all([newSession(subject), newSession(subject)]);
      const { told } = await openWatch(subject, one.sessionId);
      await say(subject, two.sessionId, "elsewhere");
      await subject.client.end({ sessionId: two.sessionId });
      await subject.client.end({ sessionId: one.sessionId });
      assert.deepEqual((await told).turns, []);
    },
  },
];
