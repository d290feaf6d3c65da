import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import type { Case } from "../../case.js";
import { openEvents } from "../events.js";
import {
  API,
  activeSession,
  assertAnswer,
  assertRefused,
  type GatewaySubject,
  newSession,
  post,
  say,
  submit,
  transcript,
} from "../subject.js";

const FAILED = { type: "TURN_FAILED", session_connected: true };
const CANCELLED = { type: "TURN_CANCELLED", session_connected: true };

/** Turns that do not complete. */
export const failureCases: Case<GatewaySubject>[] = [
  {
    name: "a turn that its agent failed is 500 with a type, and the session stays connected",
    async run(subject) {
      const { session_id } = await newSession(subject);
      const answer = await post(subject, `${API}/chat`, { message: "fail" });
      assertRefused(answer, 500, FOR_PEOPLE, FAILED);
      assert.equal(await activeSession(subject), session_id);
      assert.match(await say(subject, "after the failure"), /after the failure/);
      const { turns } = await transcript(subject, session_id);
      const { error } = answer.body as { error: string };
      assert.deepEqual(
        turns.map(({ state, failure }) => [state, failure?.message]),
        [
          ["failed", error],
          ["completed", undefined],
        ],
      );
    },
  },
  {
    name: "a failed turn asked for again by its request_id answers the same failure",
    async run(subject) {
      const { session_id } = await newSession(subject);
      const request = { message: "fail", request_id: randomUUID() };
      const first = await post(subject, `${API}/chat`, request);
      assertRefused(first, 500, FOR_PEOPLE, FAILED);
      assert.deepEqual(await post(subject, `${API}/chat`, request), first);
      assert.equal((await transcript(subject, session_id)).turns.length, 1);
    },
  },
  {
    name: "a failing turn with Prefer: respond-async is 202, and the stream tells that it failed",
    async run(subject) {
      const { session_id } = await newSession(subject);
      using stream = await openEvents(subject, session_id);
      const { turn, kinds } = await stream.finished(await submit(subject, "fail"));
      assert.equal(turn.state, "failed");
      assert.match(turn.failure?.message ?? "", FOR_PEOPLE);
      assert.deepEqual(kinds, ["queued", "started", "failed"]);
      assert.deepEqual((await transcript(subject, session_id)).turns, [turn]);
    },
  },
  {
    name: "POST /chat that waits for a cancelled turn is 500 with a type; the stream tells it",
    async run(subject) {
      const { session_id } = await newSession(subject);
      using stream = await openEvents(subject, session_id);
      const waiting = post(subject, `${API}/chat`, { message: "slow 30" });
      await stream.until("the start", () => stream.turns.get(1)?.turn.state === "running");
      assertAnswer(await post(subject, `${API}/cancel`, {}), 200, { cancelled: true });
      assertRefused(await waiting, 500, FOR_PEOPLE, CANCELLED);
      const { turn, kinds } = await stream.finished(1);
      assert.equal(kinds.at(-1), "cancelled");
      assert.deepEqual((await transcript(subject, session_id)).turns, [turn]);
    },
  },
  {
    name: "POST /chat that waits when its session ends is 409 and not connected",
    async run(subject) {
      const { session_id } = await newSession(subject);
      using stream = await openEvents(subject, session_id);
      const waiting = post(subject, `${API}/chat`, { message: "slow 30" });
      await stream.until("the start", () => stream.turns.get(1)?.turn.state === "running");
      assertAnswer(await post(subject, `${API}/end`, {}), 200, { ended: true });
      const error = "Session no longer exists. Create a new one.";
      assertRefused(await waiting, 409, error, { session_connected: false });
    },
  },
];

/** One line without the trace of a stack. */
const FOR_PEOPLE = /^(?!.*(\bat .*:\d+|node_modules|\/src\/))[^\n]+$/;
