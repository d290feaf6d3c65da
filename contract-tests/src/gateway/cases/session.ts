import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import type { Case } from "../../case.js";
import {
  API,
  activeSession,
  assertAnswer,
  assertRefused,
  endActive,
  type GatewaySubject,
  get,
  list,
  newSession,
  post,
  say,
  transcript,
} from "../subject.js";

const NONE = "No active session. Click 'New Session' to start.";

/** The web chat's sessions: at most one is active, the others can be resumed. */
export const sessionCases: Case<GatewaySubject>[] = [
  {
    name: "GET /session without a session is not connected, and says how to begin",
    async run(subject) {
      await endActive(subject);
      const expected = { connected: false, session_id: null, message: NONE };
      assertAnswer(await get(subject, `${API}/session`), 200, expected);
    },
  },
  {
    name: "POST /session begins a session, to which GET /session is connected",
    async run(subject) {
      const session = await newSession(subject);
      const expected = { connected: true, ...session };
      assertAnswer(await get(subject, `${API}/session`), 200, expected);
    },
  },
  {
    name: "POST /session repeated with its request_id answers the same session",
    async run(subject) {
      const request = { request_id: randomUUID(), description: "Once" };
      const [one, two] = await Promise.all([
        newSession(subject, request),
        newSession(subject, request),
      ]);
      assert.deepEqual(two, one);
    },
  },
  {
    name: "of many POST /session at once exactly one is the active session",
    async run(subject) {
      const made = await Promise.all(Array.from({ length: 5 }, () => newSession(subject)));
      const ids = made.map(({ session_id }) => session_id);
      const listed = (await list(subject)).sessions.filter(({ session_id }) =>
        ids.includes(session_id),
      );
      assert.equal(listed.length, 5);
      assert.equal(listed.filter(({ is_active }) => is_active).length, 1);
    },
  },
  {
    name: "POST /session/resume makes a session put aside the active one again",
    async run(subject) {
      const { session_id } = await newSession(subject);
      await newSession(subject);
      const answer = await post(subject, `${API}/session/resume`, { session_id });
      assertAnswer(answer, 200, { session_id, resumed: true });
      assert.equal(await activeSession(subject), session_id);
      assert.match(await say(subject, "here again"), /here again/);
      assert.equal((await transcript(subject, session_id)).turns.length, 1);
    },
  },
  {
    name: "POST /session/resume without an id is 400, with an unknown one 404",
    async run(subject) {
      const resume = (body: object) => post(subject, `${API}/session/resume`, body);
      assertRefused(await resume({}), 400, "session_id is required");
      const unknown = await resume({ session_id: "no-such" });
      assertRefused(unknown, 404, "Session 'no-such' not found");
    },
  },
  {
    name: "POST /session/resume of an ended session is 404 and says so; the active one stays",
    async run(subject) {
      const { session_id } = await newSession(subject);
      await post(subject, `${API}/end`, {});
      const { session_id: active } = await newSession(subject);
      const ended = await post(subject, `${API}/session/resume`, { session_id });
      assertRefused(ended, 404, `Session '${session_id}' has ended`);
      assert.equal(await activeSession(subject), active);
    },
  },
  {
    name: "POST /end ends the session once",
    async run(subject) {
      const { session_id } = await newSession(subject);
      const first = await post(subject, `${API}/end`, {});
      assertAnswer(first, 200, { ended: true, session_id, warning: undefined });
      const second = await post(subject, `${API}/end`, {});
      assertAnswer(second, 200, { ended: false, message: "No active session." });
      assert.equal(await activeSession(subject), null);
    },
  },
];
