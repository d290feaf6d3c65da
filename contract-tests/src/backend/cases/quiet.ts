import assert from "node:assert/strict";
import type { Case } from "../../case.js";
import { newSession, say } from "../steps.js";
import type { BackendSubject } from "../subject.js";

/** Longer than most idle time-outs, and than four of the client's pings, which are 10 s apart. */
const QUIET_S = 45;

/** What is open stays open while nothing happens: the client's pings are permitted. */
export const quietCases: Case<BackendSubject>[] = [
  {
    name: `Watch and WatchEndings are still open after ${QUIET_S} quiet seconds`,
    async run(subject) {
      const { client } = subject;
      const { sessionId } = await newSession(subject);
      const options = { timeout: QUIET_S * 3_000 };
      const watch = client.watch({ sessionId }, options);
      const endings = client.watchEndings({ cursor: "" }, options);
      assert.equal((await watch.next()).value?.event?.$case, "snapshot");
      await endings.next();
      // A turn of another session measures the time.
      const { sessionId: clock } = await newSession(subject);
      await say(subject, clock, `slow ${QUIET_S}`);
      await client.end({ sessionId });
      let ended: string | undefined;
      for await (const { event } of watch) ended = event?.$case;
      assert.equal(ended, "ended", "the watch did not tell the end");
      for (;;) {
        const { value } = await endings.next();
        assert.ok(value, "WatchEndings ended by itself");
        if (value.sessionId === sessionId) break;
      }
    },
  },
];
