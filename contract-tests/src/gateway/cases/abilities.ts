import assert from "node:assert/strict";
import type { Case } from "../../case.js";
import { openEvents } from "../events.js";
import { type GatewaySubject, newSession, say, transcript } from "../subject.js";

/** Of an agent that thinks. */
export const thinkingCases: Case<GatewaySubject>[] = [
  {
    name: "thoughts are told apart from the reply, and are in the transcript",
    async run(subject) {
      const { session_id } = await newSession(subject);
      using stream = await openEvents(subject, session_id);
      const response = await say(subject, "think");
      const { turn, kinds } = await stream.finished(1);
      assert.ok(kinds.includes("thought"), "no thought was told");
      assert.ok(kinds.indexOf("thought") < kinds.indexOf("text"), "thoughts come first");
      assert.notEqual(turn.thought, "");
      assert.equal(turn.reply, response);
      assert.deepEqual((await transcript(subject, session_id)).turns, [turn]);
      using later = await openEvents(subject, session_id);
      assert.deepEqual(later.snapshot?.turns, [turn]);
    },
  },
];

/** Of an agent that uses tools. */
export const toolCases: Case<GatewaySubject>[] = [
  {
    name: "tool calls are told whole, and again when they change, and are in the transcript",
    async run(subject) {
      const { session_id } = await newSession(subject);
      using stream = await openEvents(subject, session_id);
      await say(subject, "tool");
      const { turn, kinds } = await stream.finished(1);
      assert.ok(kinds.includes("tool"), "no tool call was told");
      assert.ok(turn.tool_calls.length > 0, "the turn has no tool call");
      for (const call of turn.tool_calls) assert.equal(call.status, "completed");
      assert.deepEqual((await transcript(subject, session_id)).turns, [turn]);
      using later = await openEvents(subject, session_id);
      assert.deepEqual(later.snapshot?.turns, [turn]);
    },
  },
];
