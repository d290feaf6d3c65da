import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { type DeepPartial, type ListRequest, type Session, SessionState } from "@amp/proto";
import type { Case } from "../../case.js";
import { assertInvalid } from "../failure.js";
import { newSession, say } from "../steps.js";
import type { BackendSubject } from "../subject.js";

/** List: filters, order and pages. Each case has a surface of its own, to be alone on it. */
export const listCases: Case<BackendSubject>[] = [
  {
    name: "an ended session is absent from the active list and present in the ended one",
    async run(subject) {
      const { surface, sessions } = await populate(subject, 2);
      const [alive = "", ended = ""] = sessions.map(({ sessionId }) => sessionId);
      await subject.client.end({ sessionId: ended });
      assert.deepEqual(await ids(subject, { surface, state: SessionState.ACTIVE }), [alive]);
      assert.deepEqual(await ids(subject, { surface, state: SessionState.ENDED }), [ended]);
      assert.equal((await ids(subject, { surface })).length, 2);
    },
  },
  {
    name: "List filters by project, surface and id prefix, all at once",
    async run(subject) {
      const { surface, sessions } = await populate(subject, 2);
      const { sessionId, project } = first(sessions);
      const idPrefix = sessionId.slice(0, 8);
      assert.deepEqual(await ids(subject, { surface, project, idPrefix }), [sessionId]);
      assert.deepEqual(await ids(subject, { idPrefix: sessionId }), [sessionId]);
      assert.deepEqual(await ids(subject, { surface, project: `${project}-not` }), []);
      assert.deepEqual(await ids(subject, { surface: randomUUID(), idPrefix }), []);
      for (const wildcard of ["%", "_", "*", ".", "\\"]) {
        assert.deepEqual(await ids(subject, { surface, idPrefix: wildcard }), [], wildcard);
      }
    },
  },
  {
    name: "List tells the last active first, each as Get does",
    async run(subject) {
      const { surface, sessions } = await populate(subject, 3);
      const { sessionId } = first(sessions);
      await say(subject, sessionId, "to the front");
      const { sessions: listed } = await subject.client.list({ surface });
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
        assert.deepEqual(listed, await ids(subject, { surface }));
        assert.equal(new Set(listed).size, sessions.length);
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

async function ids({ client }: BackendSubject, filter: DeepPartial<ListRequest>) {
  return (await client.list(filter)).sessions.map(({ sessionId }) => sessionId);
}

function first(sessions: Session[]): Session {
  const [session] = sessions;
  assert.ok(session);
  return session;
}
