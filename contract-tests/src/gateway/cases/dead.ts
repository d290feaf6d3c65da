import assert from "node:assert/strict";
import type { Case } from "../../case.js";
import { openEvents } from "../events.js";
import { API, type GatewaySubject, get, newSession, post } from "../subject.js";

/** Sessions that died on the backend while the gateway did not look. */
export const deadCases: Case<GatewaySubject>[] = [
  {
    name: "POST /chat to a session that died is 409 not connected, and so is the status then",
    async run(subject) {
      await newSessionThatDied(subject);
      assert.deepEqual(await post(subject, `${API}/chat`, { message: "hello?" }), {
        status: 409,
        body: { error: "Session no longer exists. Create a new one.", session_connected: false },
      });
      assert.equal(await connected(subject), false);
    },
  },
  {
    name: "GET /session of a session that died says so, and a new one can be begun",
    async run(subject) {
      await newSessionThatDied(subject);
      assert.deepEqual((await get(subject, `${API}/session`)).body, {
        connected: false,
        session_id: null,
        message: "Previous session ended. Start a new one.",
      });
      await newSession(subject);
      assert.equal(await connected(subject), true);
    },
  },
  {
    name: "a session that died is told to who watches it, and cannot be resumed",
    async run(subject) {
      const { session_id } = await newSession(subject);
      using stream = await openEvents(subject, session_id);
      await stream.until(({ event }) => event === "snapshot");
      await die(subject, session_id);
      await stream.until(({ event }) => event === "ended");
      const { status } = await post(subject, `${API}/session/resume`, { session_id });
      assert.equal(status, 404);
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

async function connected(subject: GatewaySubject): Promise<boolean> {
  const { body } = await get(subject, `${API}/session`);
  return (body as { connected: boolean }).connected;
}
