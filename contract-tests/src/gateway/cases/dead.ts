import assert from "node:assert/strict";
import type { Case } from "../../case.js";
import { openEvents } from "../events.js";
import {
  API,
  activeSession,
  assertAnswer,
  assertRefused,
  type GatewaySubject,
  get,
  list,
  newSession,
  post,
} from "../subject.js";

/** What happens on the backend while the gateway does not look. */
export const deadCases: Case<GatewaySubject>[] = [
  {
    name: "POST /chat to a session that died is 409 not connected, and so is the status then",
    async run(subject) {
      await newSessionThatDied(subject);
      const answer = await post(subject, `${API}/chat`, { message: "hello?" });
      const error = "Session no longer exists. Create a new one.";
      assertRefused(answer, 409, error, { session_connected: false });
      assert.equal(await activeSession(subject), null);
    },
  },
  {
    name: "GET /session of a session that died says so, and a new one can be begun",
    async run(subject) {
      await newSessionThatDied(subject);
      const message = "Previous session ended. Start a new one.";
      const expected = { connected: false, session_id: null, message };
      assertAnswer(await get(subject, `${API}/session`), 200, expected);
      const { session_id } = await newSession(subject);
      assert.equal(await activeSession(subject), session_id);
    },
  },
  {
    name: "a session that died is told to who watches it, and cannot be resumed",
    async run(subject) {
      const { session_id } = await newSession(subject);
      using stream = await openEvents(subject, session_id);
      await die(subject, session_id);
      await stream.until("the end", () => stream.ended !== undefined);
      const answer = await post(subject, `${API}/session/resume`, { session_id });
      assertRefused(answer, 404, `Session '${session_id}' has ended`);
    },
  },
  {
    name: "a session that another surface began is neither listed nor reached",
    async run(subject) {
      const { backend } = subject;
      assert.ok(backend, "these cases need the backend");
      const origin = { surface: "elsewhere", user: "somebody" };
      const { session } = await backend.client.create({ agent: backend.agent ?? "", origin });
      const session_id = session?.sessionId ?? "";
      assert.deepEqual((await list(subject, { q: session_id })).sessions, []);
      const error = `Session '${session_id}' not found`;
      for (const path of ["/chat", "/cancel", "/end", "/session/resume"]) {
        const body = { session_id, message: "hello" };
        assertRefused(await post(subject, API + path, body), 404, error);
      }
      for (const path of [`/sessions/${session_id}/transcript`, `/events?session=${session_id}`]) {
        assertRefused(await get(subject, API + path), 404, error);
      }
      assert.equal((await backend.client.get({ sessionId: session_id })).session?.endReason, "");
      await backend.client.end({ sessionId: session_id });
    },
  },
];

async function newSessionThatDied(subject: GatewaySubject): Promise<void> {
  const { session_id } = await newSession(subject);
  await die(subject, session_id);
}

async function die({ backend }: GatewaySubject, sessionId: string): Promise<void> {
  assert.ok(backend, "these cases need the backend");
  assert.deepEqual(await backend.client.end({ sessionId }), { ended: true });
}
