import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import type { Case } from "../../case.js";
import { API, endActive, type GatewaySubject, get, newSession, post } from "../subject.js";

const NONE = "No active session. Click 'New Session' to start.";

/** The web chat's sessions: at most one is active, the others can be resumed. */
export const sessionCases: Case<GatewaySubject>[] = [
  {
    name: "GET /session without a session is not connected, and says how to begin",
    async run(subject) {
      await endActive(subject);
      assert.deepEqual(await get(subject, `${API}/session`), {
        status: 200,
        body: { connected: false, session_id: null, message: NONE },
      });
    },
  },
  {
    name: "POST /session begins a session, to which GET /session is connected",
    async run(subject) {
      const session = await newSession(subject);
      assert.deepEqual(Object.keys(session).sort(), ["project_id", "session_id", "working_dir"]);
      const { body } = await get(subject, `${API}/session`);
      assert.deepEqual(body, { connected: true, ...session });
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
      const listed = (await list(subject)).filter(({ session_id }) => ids.includes(session_id));
      assert.equal(listed.length, 5);
      assert.equal(listed.filter(({ is_active }) => is_active).length, 1);
    },
  },
  {
    name: "GET /sessions tells all, the last active first; a new one puts the one before aside",
    async run(subject) {
      const first = await newSession(subject, { description: "First" });
      const second = await newSession(subject, { description: "Second" });
      const sessions = await list(subject);
      const ours = sessions.filter(({ session_id }) =>
        [first.session_id, second.session_id].includes(session_id),
      );
      assert.deepEqual(
        ours.map(({ description, is_active }) => [description, is_active]),
        [
          ["Second", true],
          ["First", false],
        ],
      );
      for (const { created_at, last_active, project_id } of ours) {
        assert.ok(Date.parse(created_at) && Date.parse(last_active), "no time that can be read");
        assert.equal(project_id, first.project_id);
      }
      const times = sessions.map(({ last_active }) => Date.parse(last_active));
      assert.deepEqual(
        times,
        times.toSorted((a, b) => b - a),
      );
    },
  },
  {
    name: "POST /session/resume makes a session put aside the active one again",
    async run(subject) {
      const { session_id } = await newSession(subject);
      await newSession(subject);
      assert.deepEqual(await post(subject, `${API}/session/resume`, { session_id }), {
        status: 200,
        body: { session_id, resumed: true },
      });
      const { body } = await get(subject, `${API}/session`);
      assert.equal((body as { session_id: string }).session_id, session_id);
    },
  },
  {
    name: "POST /session/resume without an id is 400, with an unknown one 404",
    async run(subject) {
      const missing = await post(subject, `${API}/session/resume`, {});
      assert.equal(missing.status, 400);
      assert.equal(errorOf(missing.body), "session_id is required");
      const unknown = await post(subject, `${API}/session/resume`, { session_id: "no-such" });
      assert.equal(unknown.status, 404);
      assert.equal(errorOf(unknown.body), "Session 'no-such' not found");
    },
  },
  {
    name: "POST /end ends the session once",
    async run(subject) {
      const { session_id } = await newSession(subject);
      const first = await post(subject, `${API}/end`, {});
      assert.deepEqual(first, { status: 200, body: { ended: true, session_id } });
      const second = await post(subject, `${API}/end`, {});
      assert.deepEqual(second, {
        status: 200,
        body: { ended: false, message: "No active session." },
      });
    },
  },
];

/** An entry of GET /sessions. */
interface Entry {
  session_id: string;
  description: string;
  created_at: string;
  last_active: string;
  is_active: boolean;
  project_id: string;
}

async function list(subject: GatewaySubject): Promise<Entry[]> {
  const { status, body } = await get(subject, `${API}/sessions`);
  assert.equal(status, 200);
  return (body as { sessions: Entry[] }).sessions;
}

function errorOf(body: unknown): string {
  return (body as { error: string }).error;
}
