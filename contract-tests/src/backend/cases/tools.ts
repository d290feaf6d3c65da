import assert from "node:assert/strict";
import { type ToolCall, ToolStatus } from "@amp/proto";
import type { Case } from "../../case.js";
import { begin, newSession, transcript } from "../steps.js";
import type { BackendSubject } from "../subject.js";
import { openWatch } from "../watching.js";

/** Tool calls are told as they change, and stored as they ended. */
export const toolCases: Case<BackendSubject>[] = [
  {
    name: "tool calls are told by SendStream and by Watch, and stored as they ended",
    async run(subject) {
      const { client } = subject;
      const { sessionId } = await newSession(subject);
      const watch = await openWatch(subject, sessionId);
      const streamed: ToolCall[] = [];
      for await (const { event } of client.sendStream({ sessionId, message: "tool please" })) {
        if (event?.event?.$case === "toolCall") streamed.push(event.event.value);
      }
      const [turn] = await transcript(subject, sessionId);
      assert.ok(turn && turn.toolCalls.length > 0, "the stored turn has no tool calls");
      const ids = turn.toolCalls.map(({ toolCallId }) => toolCallId);
      assert.equal(new Set(ids).size, ids.length, "a tool call is there twice");
      for (const call of turn.toolCalls) {
        assert.equal(call.status, ToolStatus.COMPLETED);
        const last = streamed.findLast(({ toolCallId }) => toolCallId === call.toolCallId);
        assert.deepEqual(last, call, "the stored call is another one than was told last");
      }
      await client.end({ sessionId });
      const { turns } = await watch.told;
      const watched = turns.flatMap(({ event }) =>
        event?.$case === "toolCall" ? [event.value] : [],
      );
      assert.deepEqual(watched, streamed);
      const final = turns.find(({ event }) => event?.$case === "completed");
      assert.deepEqual(final?.event?.value, turn, "Watch's completed turn is not the stored one");
    },
  },
  {
    name: "a second turn has tool calls of its own",
    async run(subject) {
      const { sessionId } = await newSession(subject);
      const one = await (await begin(subject, { sessionId, message: "tool one" })).told;
      const two = await (await begin(subject, { sessionId, message: "tool two" })).told;
      const stored = await transcript(subject, sessionId);
      assert.deepEqual(stored, [one.final, two.final]);
      for (const { toolCalls } of stored) assert.notEqual(toolCalls.length, 0);
    },
  },
];
