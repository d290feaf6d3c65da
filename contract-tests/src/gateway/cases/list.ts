import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import type { Case } from "../../case.js";
import type { Entry } from "../shapes.js";
import {
  API,
  assertRefused,
  entryOf,
  type GatewaySubject,
  get,
  list,
  newSession,
  post,
  say,
} from "../subject.js";

/** GET /sessions: the user's sessions, dead or alive. */
export const listCases: Case<GatewaySubject>[] = [
  {
    name: "an entry of GET /sessions has all its fields, and keeps when it was made",
    async run(subject) {
      const description = `Entry ${randomUUID()}`;
      const { session_id, project_id } = await newSession(subject, { description });
      const entry = await entryOf(subject, session_id);
      const { created_at, last_active, ...rest } = entry;
      const expected = { session_id, description, project_id, is_active: true };
      assert.deepEqual(rest, { ...expected, state: "active", surface: "web" });
      assert.ok(Date.parse(created_at) <= Date.parse(last_active));
      assert.deepEqual(await entryOf(subject, session_id), entry);
      await say(subject, "something");
      const later = await entryOf(subject, session_id);
      assert.equal(later.created_at, created_at);
      assert.ok(Date.parse(later.last_active) > Date.parse(last_active), "last_active stood still");
    },
  },
  {
    name: "GET /sessions tells twelve new sessions, the last active first, one of them active",
    async run(subject) {
      const tag = randomUUID();
      const made: string[] = [];
      for (let n = 1; n <= 12; n++) made.unshift(await tagged(subject, tag, n));
      const { sessions } = await list(subject);
      const ours = sessions.filter(({ description }) => description.includes(tag));
      assert.deepEqual(ids(ours), made);
      assert.deepEqual(
        ids(sessions.filter(({ is_active }) => is_active)),
        made.slice(0, 1),
        "which session is active",
      );
      const times = sessions.map(({ last_active }) => Date.parse(last_active));
      assert.deepEqual(
        times,
        times.toSorted((a, b) => b - a),
      );
    },
  },
  {
    name: "a session that is spoken to becomes the first of GET /sessions",
    async run(subject) {
      const tag = randomUUID();
      const first = await tagged(subject, tag, 1);
      const second = await tagged(subject, tag, 2);
      await say(subject, "hello", first);
      assert.deepEqual(ids((await list(subject, { q: tag })).sessions), [first, second]);
    },
  },
  {
    name: "an ended session stays in GET /sessions, as ended",
    async run(subject) {
      const { session_id } = await newSession(subject, { description: "Soon over" });
      const { last_active: _, ...before } = await entryOf(subject, session_id);
      await post(subject, `${API}/end`, {});
      const { last_active: __, ...after } = await entryOf(subject, session_id);
      assert.deepEqual(after, { ...before, state: "ended", is_active: false });
      const { sessions } = await list(subject);
      assert.ok(ids(sessions).includes(session_id));
    },
  },
  {
    name: "pages of GET /sessions go to the end by `limit` and `cursor`, without gaps or repeats",
    async run(subject) {
      const tag = randomUUID();
      const made: string[] = [];
      for (let n = 1; n <= 5; n++) made.unshift(await tagged(subject, tag, n));
      for (const limit of [1, 2, 5]) {
        const told: string[] = [];
        let cursor: string | undefined;
        do {
          const query = { q: tag, limit: String(limit), ...(cursor !== undefined && { cursor }) };
          const page = await list(subject, query);
          assert.ok(page.sessions.length <= limit, "more sessions than were asked for");
          assert.ok(page.sessions.length > 0, "an empty page");
          told.push(...ids(page.sessions));
          assert.ok(told.length <= made.length, `too many with a limit of ${limit}`);
          cursor = page.next_cursor;
        } while (cursor !== undefined);
        assert.deepEqual(told, made, `with a limit of ${limit}`);
      }
    },
  },
  {
    name: "`q` of GET /sessions finds part of a description in any case, and the beginning of an id",
    async run(subject) {
      const tag = randomUUID();
      const { session_id } = await newSession(subject, { description: `The Größte ${tag} of all` });
      await newSession(subject, { description: `Another ${randomUUID()}` });
      for (const q of [tag, tag.toUpperCase(), `GRÖßTE ${tag}`, session_id.slice(0, -1)]) {
        assert.deepEqual(ids((await list(subject, { q })).sessions), [session_id], q);
      }
      for (const q of [`${tag}%`, tag.replaceAll("-", "_"), session_id.slice(1)]) {
        assert.deepEqual((await list(subject, { q })).sessions, [], q);
      }
    },
  },
  {
    name: "GET /sessions refuses a `limit`, `cursor` or `q` that it does not take, by its name",
    async run(subject) {
      for (const [field, value] of [
        ["limit", "0"],
        ["limit", "501"],
        ["limit", "many"],
        ["cursor", "no-such-cursor"],
        ["q", "q".repeat(201)],
      ]) {
        const answer = await get(subject, `${API}/sessions?${field}=${value}`);
        assertRefused(answer, 400, new RegExp(`\\b${field}\\b`));
      }
    },
  },
];

async function tagged(subject: GatewaySubject, tag: string, n: number): Promise<string> {
  return (await newSession(subject, { description: `${tag} ${n}` })).session_id;
}

function ids(entries: Entry[]): string[] {
  return entries.map(({ session_id }) => session_id);
}
