import assert from "node:assert/strict";
import type { Case } from "../../case.js";
import { begin, emptyTold, newSession, tell, transcript } from "../steps.js";
import type { BackendSubject } from "../subject.js";
import { openWatch } from "../watching.js";

/** What an agent thinks is told apart from its answer, to everybody. */
export const thinkingCases: Case<BackendSubject>[] = [
  {
    name: "thoughts are told apart from the reply, by SendStream and by Watch, and stored",
    async run(subject) {
      const { sessionId } = await newSession(subject);
      const watch = await openWatch(subject, sessionId);
      const message = "think about it";
      const streamed = await (await begin(subject, { sessionId, message })).told;
      await subject.client.end({ sessionId });
      const watched = emptyTold();
      for (const event of (await watch.told).turns) tell(watched, event);
      for (const { kinds, thought, reply, final } of [streamed, watched]) {
        assert.ok(kinds.includes("thoughtDelta"), "no thought was told");
        assert.ok(final && final.thought !== "");
        assert.equal(thought, final.thought, "the deltas do not make up the thoughts");
        assert.equal(reply, final.reply, "the deltas do not make up the reply");
      }
      assert.deepEqual(watched.final, streamed.final);
      assert.deepEqual(await transcript(subject, sessionId), [streamed.final]);
    },
  },
  {
    name: "whoever comes in mid-turn is told the thoughts so far: Watch, and SendStream that joins",
    async run(subject) {
      const { sessionId } = await newSession(subject);
      const request = { sessionId, message: "think 3 and tell", requestId: "thinks" };
      const first = subject.client.sendStream(request);
      for await (const { event } of first) if (event?.event?.$case === "thoughtDelta") break;
      const { snapshot } = await openWatch(subject, sessionId);
      assert.notEqual(snapshot.openTurns[0]?.thought ?? "", "", "the snapshot has no thoughts");
      const { thought, final } = await (await begin(subject, request)).told;
      assert.equal(thought, final?.thought, "a stream that joined has not all thoughts");
      await subject.client.end({ sessionId });
    },
  },
];
