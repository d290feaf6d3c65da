import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import type { Case } from "../../case.js";
import {
  type Answer,
  API,
  activeSession,
  assertAnswer,
  assertRefused,
  endActive,
  type GatewaySubject,
  newSession,
  post,
  transcript,
} from "../subject.js";

function assertNoSession(answer: Answer): void {
  const error = "No active session. Create one first via POST /api/session.";
  assertRefused(answer, 409, error, { session_connected: false });
}

/** Messages to the active session. */
export const chatCases: Case<GatewaySubject>[] = [
  {
    name: "POST /chat answers the reply and the session",
    async run(subject) {
      const { session_id } = await newSession(subject);
      const answer = await post(subject, `${API}/chat`, { message: "Hello 🐎" });
      assertAnswer(answer, 200, { session_id, session_connected: true });
      assert.match((answer.body as { response: string }).response, /Hello 🐎/);
    },
  },
  {
    name: "POST /chat repeated with its request_id answers the stored reply",
    async run(subject) {
      const { session_id } = await newSession(subject);
      const request = { message: "only once", request_id: randomUUID() };
      const first = await post(subject, `${API}/chat`, request);
      assert.deepEqual(await post(subject, `${API}/chat`, request), first);
      assert.equal((await transcript(subject, session_id)).turns.length, 1);
    },
  },
  {
    name: "POST /chat with Prefer: respond-async is 202 when the turn is stored; POST /cancel stops it",
    async run(subject) {
      const { session_id } = await newSession(subject);
      const request_id = randomUUID();
      const message = { message: "slow 30", request_id };
      const accepted = await post(subject, `${API}/chat`, message, { prefer: "respond-async" });
      const expected = { session_id, request_id, seq: 1, session_connected: true };
      assertAnswer(accepted, 202, expected);
      const repeated = await post(subject, `${API}/chat`, message, { prefer: "respond-async" });
      assertAnswer(repeated, 202, expected);
      assertAnswer(await post(subject, `${API}/cancel`, {}), 200, { cancelled: true });
      assertAnswer(await post(subject, `${API}/cancel`, {}), 200, { cancelled: false });
    },
  },
  {
    name: "POST /chat without a message is 400, session or not",
    async run(subject) {
      await endActive(subject);
      for (const request of [{}, { message: "" }]) {
        assertRefused(await post(subject, `${API}/chat`, request), 400, "message is required");
      }
    },
  },
  {
    name: "POST /chat without a session is 409 and not connected",
    async run(subject) {
      await endActive(subject);
      assertNoSession(await post(subject, `${API}/chat`, { message: "anybody?" }));
    },
  },
  {
    name: "POST /cancel and POST /approval without a session are 409 and not connected",
    async run(subject) {
      await endActive(subject);
      assertNoSession(await post(subject, `${API}/cancel`, {}));
      const answer = { approval_id: "a", option_id: "allow" };
      assertNoSession(await post(subject, `${API}/approval`, answer));
    },
  },
  {
    name: "POST /chat after POST /end is 409, and the status is not connected",
    async run(subject) {
      await newSession(subject);
      await post(subject, `${API}/chat`, { message: "goodbye" });
      await post(subject, `${API}/end`, {});
      assertNoSession(await post(subject, `${API}/chat`, { message: "hello?" }));
      assert.equal(await activeSession(subject), null);
    },
  },
];
