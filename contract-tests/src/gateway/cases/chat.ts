import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import type { Case } from "../../case.js";
import { API, endActive, type GatewaySubject, get, newSession, post } from "../subject.js";

const NO_SESSION = {
  status: 409,
  body: {
    error: "No active session. Create one first via POST /api/session.",
    session_connected: false,
  },
};

/** Messages to the active session. */
export const chatCases: Case<GatewaySubject>[] = [
  {
    name: "POST /chat answers the reply and the session",
    async run(subject) {
      const { session_id } = await newSession(subject);
      const { status, body } = await post(subject, `${API}/chat`, { message: "Hello 🐎" });
      assert.equal(status, 200);
      const { response, ...rest } = body as { response: string };
      assert.match(response, /Hello 🐎/);
      assert.deepEqual(rest, { session_id, session_connected: true });
    },
  },
  {
    name: "POST /chat repeated with its request_id answers the stored reply",
    async run(subject) {
      const { session_id } = await newSession(subject);
      const request = { message: "only once", request_id: randomUUID() };
      const first = await post(subject, `${API}/chat`, request);
      assert.deepEqual(await post(subject, `${API}/chat`, request), first);
      const { body } = await get(subject, `${API}/sessions/${session_id}/transcript`);
      assert.equal((body as { turns: unknown[] }).turns.length, 1);
    },
  },
  {
    name: "POST /chat with Prefer: respond-async is 202 when the turn is stored; POST /cancel stops it",
    async run(subject) {
      const { session_id } = await newSession(subject);
      const request_id = randomUUID();
      const message = { message: "slow 30", request_id };
      assert.deepEqual(await post(subject, `${API}/chat`, message, { prefer: "respond-async" }), {
        status: 202,
        body: { session_id, request_id, seq: 1, session_connected: true },
      });
      const cancelled = await post(subject, `${API}/cancel`, {});
      assert.deepEqual(cancelled, { status: 200, body: { cancelled: true } });
      const again = await post(subject, `${API}/cancel`, {});
      assert.deepEqual(again, { status: 200, body: { cancelled: false } });
    },
  },
  {
    name: "a turn that its agent failed is told, and the session stays connected",
    async run(subject) {
      await newSession(subject);
      const { status, body } = await post(subject, `${API}/chat`, { message: "fail" });
      assert.ok(status >= 500, `a failed turn is ${status}`);
      assert.equal((body as { session_connected: boolean }).session_connected, true);
      const { body: session } = await get(subject, `${API}/session`);
      assert.equal((session as { connected: boolean }).connected, true);
    },
  },
  {
    name: "POST /chat without a message is 400, session or not",
    async run(subject) {
      await endActive(subject);
      for (const request of [{}, { message: "" }]) {
        const { status, body } = await post(subject, `${API}/chat`, request);
        assert.equal(status, 400);
        assert.equal((body as { error: string }).error, "message is required");
      }
    },
  },
  {
    name: "POST /chat without a session is 409 and not connected",
    async run(subject) {
      await endActive(subject);
      assert.deepEqual(await post(subject, `${API}/chat`, { message: "anybody?" }), NO_SESSION);
    },
  },
  {
    name: "POST /chat after POST /end is 409, and the status is not connected",
    async run(subject) {
      await newSession(subject);
      await post(subject, `${API}/chat`, { message: "goodbye" });
      await post(subject, `${API}/end`, {});
      assert.deepEqual(await post(subject, `${API}/chat`, { message: "hello?" }), NO_SESSION);
      const { body } = await get(subject, `${API}/session`);
      assert.equal((body as { connected: boolean }).connected, false);
    },
  },
  {
    name: "a memory phrase is answered by the memory, and needs no session",
    async run(subject) {
      await endActive(subject);
      const word = randomUUID();
      const remembered = await post(subject, `${API}/chat`, { message: `remember this: ${word}` });
      assertMemory(remembered, "remember");
      const recalled = await post(subject, `${API}/chat`, { message: `recall ${word}` });
      assertMemory(recalled, "recall");
      assert.ok(JSON.stringify(recalled.body).includes(word), "it was forgotten");
    },
  },
];

function assertMemory({ status, body }: { status: number; body: unknown }, action: string): void {
  assert.equal(status, 200);
  const { response, memory_result, ...rest } = body as Record<string, unknown>;
  assert.equal(typeof response, "string");
  assert.ok(memory_result, "no memory_result");
  assert.deepEqual(rest, { memory_action: action, session_connected: false });
}
