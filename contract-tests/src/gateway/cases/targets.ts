import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import type { Case } from "../../case.js";
import { openEvents } from "../events.js";
import {
  API,
  activeSession,
  assertAnswer,
  assertRefused,
  entryOf,
  type GatewaySubject,
  get,
  newSession,
  post,
  say,
  submit,
  transcript,
} from "../subject.js";

const UNKNOWN = "no-such-session";
const NAMES: [what: string, path: string, body: object][] = [
  ["POST /chat", `${API}/chat`, { message: "hello", session_id: UNKNOWN }],
  ["POST /cancel", `${API}/cancel`, { session_id: UNKNOWN }],
  [
    "POST /approval",
    `${API}/approval`,
    { session_id: UNKNOWN, approval_id: "a", option_id: "allow" },
  ],
  ["POST /end", `${API}/end`, { session_id: UNKNOWN }],
  ["POST /session/resume", `${API}/session/resume`, { session_id: UNKNOWN }],
];

/** What a request names is what it means: a session put aside, a turn, an agent, a folder. */
export const targetCases: Case<GatewaySubject>[] = [
  {
    name: "POST /chat speaks to the session it names, and the active one stays",
    async run(subject) {
      const { aside, active } = await twoSessions(subject);
      const answer = await post(subject, `${API}/chat`, { message: "aside", session_id: aside });
      assertAnswer(answer, 200, { session_id: aside, session_connected: true });
      assert.equal(await activeSession(subject), active);
      await submit(subject, "aside again", aside);
      const told = await transcript(subject, aside);
      assert.deepEqual(
        told.turns.map(({ message }) => message),
        ["aside", "aside again"],
      );
      assert.deepEqual((await transcript(subject, active)).turns, []);
    },
  },
  {
    name: "POST /cancel stops in the session it names",
    async run(subject) {
      const { aside } = await twoSessions(subject);
      await submit(subject, "slow 30", aside);
      assertAnswer(await post(subject, `${API}/cancel`, {}), 200, { cancelled: false });
      const named = await post(subject, `${API}/cancel`, { session_id: aside });
      assertAnswer(named, 200, { cancelled: true });
    },
  },
  {
    name: "POST /cancel stops the turn it names, and no other",
    async run(subject) {
      const { session_id } = await newSession(subject);
      const running = await submit(subject, "slow 30");
      const waiting = await submit(subject, "waits");
      const cancel = (seq: number) => post(subject, `${API}/cancel`, { seq });
      assertAnswer(await cancel(waiting), 200, { cancelled: true });
      const { turns } = await transcript(subject, session_id);
      assert.equal(turns[1]?.state, "cancelled");
      assert.equal(turns[0]?.finished_at, null);
      assertAnswer(await cancel(waiting), 200, { cancelled: false });
      assertAnswer(await cancel(running + 10), 200, { cancelled: false });
      assertAnswer(await cancel(running), 200, { cancelled: true });
      for (const seq of [0, -1, 1.5, "1"]) {
        assertRefused(await post(subject, `${API}/cancel`, { seq }), 400, /\bseq\b/);
      }
    },
  },
  {
    name: "POST /end ends the session it names, and the active one stays",
    async run(subject) {
      const { aside, active } = await twoSessions(subject);
      const answer = await post(subject, `${API}/end`, { session_id: aside });
      assertAnswer(answer, 200, { ended: true, session_id: aside });
      assert.equal(await activeSession(subject), active);
      assert.equal((await entryOf(subject, aside)).state, "ended");
      assert.equal((await entryOf(subject, active)).state, "active");
    },
  },
  {
    name: "each of two transcripts has the turns of its own session",
    async run(subject) {
      const { aside, active } = await twoSessions(subject);
      await say(subject, "of the active one");
      await say(subject, "of the one put aside", aside);
      for (const [id, message] of [
        [active, "of the active one"],
        [aside, "of the one put aside"],
      ] as const) {
        const told = await transcript(subject, id);
        assert.equal(told.session_id, id);
        assert.deepEqual(
          told.turns.map((turn) => turn.message),
          [message],
        );
      }
    },
  },
  {
    name: "GET /events of the session it names tells its turns, and none of the active one",
    async run(subject) {
      const { aside, active } = await twoSessions(subject);
      using stream = await openEvents(subject, aside);
      await say(subject, "of the active one", active);
      await say(subject, "of the one put aside", aside);
      const { turn } = await stream.finished(1);
      assert.equal(turn.message, "of the one put aside");
      assert.equal(stream.turns.size, 1);
    },
  },
  ...NAMES.map(([what, path, body]) => ({
    name: `${what} of an unknown session is 404`,
    async run(subject: GatewaySubject) {
      await newSession(subject);
      assertUnknown(await post(subject, path, body));
    },
  })),
  {
    name: "the transcript and the events of an unknown session are 404",
    async run(subject) {
      assertUnknown(await get(subject, `${API}/sessions/${UNKNOWN}/transcript`));
      assertUnknown(await get(subject, `${API}/events?session=${UNKNOWN}`));
    },
  },
  {
    name: "POST /session gives the folder and the agent that were asked for, or is refused",
    async run(subject) {
      const { working_dir } = await newSession(subject);
      assert.equal((await newSession(subject, { working_dir })).working_dir, working_dir);
      const relative = await post(subject, `${API}/session`, { working_dir: "no/such/folder" });
      assertRefused(relative, 400, /working_dir/);
      const agent = `no-such-agent-${randomUUID()}`;
      assertRefused(await post(subject, `${API}/session`, { agent }), 400, /agent/);
      assert.equal((await newSession(subject)).working_dir, working_dir);
    },
  },
  {
    name: "GET /events tells the session's agent; that agent can be asked for",
    async run(subject) {
      const { session_id } = await newSession(subject);
      using stream = await openEvents(subject, session_id);
      const agent = stream.snapshot?.session.agent ?? "";
      const again = await newSession(subject, { agent });
      using second = await openEvents(subject, again.session_id);
      assert.equal(second.snapshot?.session.agent, agent);
    },
  },
];

/** Begins two sessions: the second one is active, the first one put aside. */
async function twoSessions(subject: GatewaySubject): Promise<{ aside: string; active: string }> {
  const { session_id: aside } = await newSession(subject);
  const { session_id: active } = await newSession(subject);
  return { aside, active };
}

function assertUnknown(answer: { status: number; body: unknown }): void {
  assertRefused(answer, 404, `Session '${UNKNOWN}' not found`);
}
