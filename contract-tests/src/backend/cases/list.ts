import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { type Session, SessionState } from "@amp/proto";
import type { Case } from "../../case.js";
import { assertInvalid } from "../failure.js";
import { listAll, listIds, newSession, say } from "../steps.js";
import type { BackendSubject } from "../subject.js";

/** List: filters, order and pages. Each case has a surface of its own, to be alone on it. */
export const listCases: Case<BackendSubject>[] = [
  {
    name: "an ended session is absent from the active list and present in the ended one",
    async run(subject) {
      const { surface, sessions } = await populate(subject, 2);
      const [alive = "", ended = ""] = sessions.map(({ sessionId }) => sessionId);
      await subject.client.end({ sessionId: ended });
      assert.deepEqual(await listIds(subject, { surface, state: SessionState.ACTIVE }), [alive]);
      assert.deepEqual(await listIds(subject, { surface, state: SessionState.ENDED }), [ended]);
      assert.equal((await listIds(subject, { surface })).length, 2);
    },
  },
  {
    name: "List filters by project, surface and id prefix, all at once",
    async run(subject) {
      const { surface, sessions } = await populate(subject, 2);
      const { sessionId, project } = first(sessions);
      const idPrefix = sessionId.slice(0, 8);
      assert.deepEqual(await listIds(subject, { surface, project, idPrefix }), [sessionId]);
      assert.deepEqual(await listIds(subject, { idPrefix: sessionId }), [sessionId]);
      assert.deepEqual(await listIds(subject, { surface, project: `${project}-not` }), []);
      assert.deepEqual(await listIds(subject, { surface: randomUUID(), idPrefix }), []);
      const all = sessions.map((session) => session.sessionId);
      for (const wildcard of ["%", "_", "*", ".", "\\", `_${idPrefix.slice(1)}`]) {
        const expected = all.filter((id) => id.startsWith(wildcard)).sort();
        const found = await listIds(subject, { surface, idPrefix: wildcard });
        assert.deepEqual(found.sort(), expected, wildcard);
      }
    },
  },
  {
    name: "List tells the last active first, each as Get does",
    async run(subject) {
      const { surface, sessions } = await populate(subject, 3);
      const { sessionId } = first(sessions);
      // Long enough for a clock that counts in tenths of a second.
      await say(subject, sessionId, "slow 0.5 to the front");
      const listed = await listAll(subject, { surface });
      assert.equal(listed[0]?.sessionId, sessionId);
      const times = listed.map(({ lastActiveAt }) => lastActiveAt?.getTime() ?? 0);
      assert.deepEqual(
        times,
        times.toSorted((a, b) => b - a),
      );
      const { session } = await subject.client.get({ sessionId });
      assert.deepEqual(listed[0], session);
    },
  },
  {
    name: "pages of List go to the end without gaps or repeats",
    async run(subject) {
      const { surface, sessions } = await populate(subject, 10);
      for (const pageSize of [1, 3, 5, 10, 11]) {
        const listed: string[] = [];
        let pageToken = "";
        do {
          const page = await subject.client.list({ surface, pageSize, pageToken });
          assert.ok(page.sessions.length <= pageSize, "a page is too long");
          listed.push(...page.sessions.map(({ sessionId }) => sessionId));
          pageToken = page.nextPageToken;
        } while (pageToken !== "" && listed.length <= sessions.length);
        assert.deepEqual(listed, await listIds(subject, { surface }));
        assert.equal(new Set(listed).size, sessions.length);
      }
    },
  },
  {
    name: "List's filters are exact: no other case, no beginning of a project or a surface",
    async run(subject) {
      const { surface, sessions } = await populate(subject, 1);
      const { sessionId, project } = first(sessions);
      assert.deepEqual(await listIds(subject, { surface, project }), [sessionId]);
      for (const near of [
        { idPrefix: otherCase(sessionId.slice(0, 12)), exact: sessionId.slice(0, 12) },
        { project: otherCase(project), exact: project },
        { project: project.slice(0, -1), exact: project },
        { project: ` ${project}`, exact: project },
        { project: `${project} `, exact: project },
      ]) {
        const { exact, ...filter } = near;
        const [value] = Object.values(filter);
        if (value === exact || value === "") continue;
        assert.deepEqual(await listIds(subject, { surface, ...filter }), [], value);
      }
      for (const near of [surface.slice(0, -1), otherCase(surface), `${surface} `, ` ${surface}`]) {
        assert.deepEqual(await listIds(subject, { surface: near }), [], near);
      }
    },
  },
  {
    name: "List answers at most 50 sessions unless asked for more, and no token after the last page",
    async run(subject) {
      const { surface, sessions } = await populate(subject, 51);
      const page = await subject.client.list({ surface });
      assert.ok(page.sessions.length <= 50, `a page of ${page.sessions.length}`);
      assert.notEqual(page.nextPageToken, "", "the 51st session cannot be reached");
      for (const pageSize of [17, 51, 200]) {
        const listed: string[] = [];
        let pageToken = "";
        do {
          const next = await subject.client.list({ surface, pageSize, pageToken });
          assert.notEqual(next.sessions.length, 0, "a token led to an empty page");
          listed.push(...next.sessions.map(({ sessionId }) => sessionId));
          pageToken = next.nextPageToken;
        } while (pageToken !== "");
        assert.equal(new Set(listed).size, sessions.length);
        assert.equal(listed.length, sessions.length);
      }
    },
  },
  {
    name: "List refuses page tokens and sizes that cannot be",
    async run({ client }) {
      await assertInvalid(client.list({ pageToken: "no token of yours" }), "page_token");
      await assertInvalid(client.list({ pageSize: -1 }), "page_size");
      await assertInvalid(client.list({ pageSize: 201 }), "page_size");
    },
  },
];

async function populate(subject: BackendSubject, count: number) {
  const origin = { surface: `contract-${randomUUID()}` };
  const sessions: Session[] = [];
  for (let index = 0; index < count; index += 1) {
    sessions.push(await newSession(subject, { origin }));
  }
  return { surface: origin.surface, sessions };
}

function first(sessions: Session[]): Session {
  const [session] = sessions;
  assert.ok(session);
  return session;
}

function otherCase(text: string): string {
  const upper = text.toUpperCase();
  return upper === text ? text.toLowerCase() : upper;
}
