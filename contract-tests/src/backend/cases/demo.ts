import assert from "node:assert/strict";
import { Reason, ToolStatus } from "@amp/proto";
import { status } from "@grpc/grpc-js";
import type { Case } from "../../case.js";
import { assertFails } from "../failure.js";
import { begin, newSession, say } from "../steps.js";
import type { BackendSubject } from "../subject.js";

/** What the `demo` agent shows by its words. */
export const demoCases: Case<BackendSubject>[] = [
  {
    name: "demo: the session names its agent, and an answer comes in several chunks",
    async run(subject) {
      const session = await newSession(subject);
      assert.equal(session.agent, "demo");
      const { told } = await begin(subject, {
        sessionId: session.sessionId,
        message: "several words to say",
      });
      assert.ok((await told).kinds.filter((kind) => kind === "textDelta").length > 1);
    },
  },
  {
    name: "demo: `long N` has N characters",
    async run(subject) {
      const { sessionId } = await newSession(subject);
      assert.equal((await say(subject, sessionId, "long 5000")).reply.length, 5_000);
    },
  },
  {
    name: "demo: `think` tells thoughts apart from the reply",
    async run(subject) {
      const { sessionId } = await newSession(subject);
      const { kinds, final } = await (await begin(subject, { sessionId, message: "think" })).told;
      assert.ok(kinds.includes("thoughtDelta"));
      assert.notEqual(final?.thought, "");
    },
  },
  {
    name: "demo: `tool` tells tool calls, completed in the stored turn",
    async run(subject) {
      const { sessionId } = await newSession(subject);
      const { kinds, final } = await (await begin(subject, { sessionId, message: "tool" })).told;
      assert.ok(kinds.includes("toolCall"));
      assert.ok(final && final.toolCalls.length > 0);
      for (const call of final.toolCalls) assert.equal(call.status, ToolStatus.COMPLETED);
    },
  },
  {
    name: "demo: `fail` fails the turn with UNAVAILABLE",
    async run(subject) {
      const { sessionId } = await newSession(subject);
      const call = subject.client.send({ sessionId, message: "fail" });
      await assertFails(call, status.UNAVAILABLE, Reason.TURN_FAILED);
    },
  },
];
