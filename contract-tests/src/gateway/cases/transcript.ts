import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import type { Case } from "../../case.js";
import type { Turn } from "../shapes.js";
import {
  API,
  assertAnswer,
  assertRefused,
  type GatewaySubject,
  get,
  newSession,
  post,
  say,
  transcript,
} from "../subject.js";

/** What was said in a session, for a client that opens it later. */
export const transcriptCases: Case<GatewaySubject>[] = [
  {
    name: "a transcript has the turns whole, the oldest first",
    async run(subject) {
      const { session_id } = await newSession(subject);
      const request_id = randomUUID();
      const first = await say(subject, "one");
      const body = { message: "two", request_id };
      const second = (await post(subject, `${API}/chat`, body)).body as { response: string };
      const told = await transcript(subject, session_id);
      assert.equal(told.session_id, session_id);
      assert.equal(told.has_more, false);
      assert.deepEqual(told.memories, []);
      assert.deepEqual(
        told.turns.map(({ seq, message, reply, state }) => ({ seq, message, reply, state })),
        [
          { seq: 1, message: "one", reply: first, state: "completed" },
          { seq: 2, message: "two", reply: second.response, state: "completed" },
        ],
      );
      assert.equal(told.turns[1]?.request_id, request_id);
      for (const { author, failure, created_at, finished_at } of told.turns) {
        assert.equal(author?.surface, "web");
        assert.equal(failure, null);
        assert.ok(finished_at && Date.parse(created_at) <= Date.parse(finished_at));
      }
    },
  },
  {
    name: "a transcript has also the turns that are not over, in their places",
    async run(subject) {
      const { session_id } = await newSession(subject);
      const [running, waiting] = [randomUUID(), randomUUID()];
      for (const request_id of [running, waiting]) {
        const body = { message: "slow 30", request_id };
        const answer = await post(subject, `${API}/chat`, body, { prefer: "respond-async" });
        assert.equal(answer.status, 202);
      }
      const { turns } = await transcript(subject, session_id);
      assert.deepEqual(
        turns.map(({ request_id, finished_at }) => ({ request_id, finished_at })),
        [running, waiting].map((request_id) => ({ request_id, finished_at: null })),
      );
      assert.equal(turns[1]?.state, "queued");
      await post(subject, `${API}/end`, { session_id });
    },
  },
  {
    name: "pages of a transcript go back by `before` and `limit`, without gaps or repeats",
    async run(subject) {
      const { session_id } = await newSession(subject);
      for (let n = 1; n <= 5; n++) await say(subject, `turn ${n}`);
      const whole = await transcript(subject, session_id);
      assert.deepEqual(seqs(whole.turns), [1, 2, 3, 4, 5]);
      for (const limit of [1, 2, 5]) {
        const told = await backwards(subject, session_id, limit);
        assert.deepEqual(told, whole.turns, `with a limit of ${limit}`);
      }
      const none = await transcript(subject, session_id, { before: "1" });
      assert.deepEqual({ turns: none.turns, more: none.has_more }, { turns: [], more: false });
      const beyond = await transcript(subject, session_id, { before: "1000" });
      assert.deepEqual(seqs(beyond.turns), [1, 2, 3, 4, 5]);
    },
  },
  {
    name: "a transcript refuses a `before` or `limit` that it does not take, by its name",
    async run(subject) {
      const { session_id } = await newSession(subject);
      for (const [field, value] of [
        ["limit", "0"],
        ["limit", "201"],
        ["limit", "two"],
        ["before", "0"],
        ["before", "1.5"],
      ]) {
        const path = `${API}/sessions/${session_id}/transcript?${field}=${value}`;
        assertRefused(await get(subject, path), 400, new RegExp(`\\b${field}\\b`));
      }
    },
  },
  {
    name: "an ended session has its transcript still",
    async run(subject) {
      const { session_id } = await newSession(subject);
      await say(subject, "to be read later");
      const before = await transcript(subject, session_id);
      assertAnswer(await post(subject, `${API}/end`, {}), 200, { ended: true });
      assert.deepEqual(await transcript(subject, session_id), before);
      assert.equal(before.turns.length, 1);
    },
  },
];

/** The turns of a session read page by page from the end, oldest first. */
async function backwards(
  subject: GatewaySubject,
  sessionId: string,
  limit: number,
): Promise<Turn[]> {
  const told: Turn[] = [];
  for (;;) {
    const [first] = told;
    const before: Record<string, string> = first ? { before: String(first.seq) } : {};
    const page = await transcript(subject, sessionId, { limit: String(limit), ...before });
    assert.ok(page.turns.length <= limit, `${page.turns.length} turns with a limit of ${limit}`);
    if (page.has_more) assert.ok(page.turns.length > 0, "there is more, and nothing was told");
    for (const { seq } of page.turns) assert.ok(!first || seq < first.seq, "not before");
    told.unshift(...page.turns);
    if (!page.has_more) return told;
  }
}

function seqs(turns: Turn[]): number[] {
  return turns.map(({ seq }) => seq);
}
