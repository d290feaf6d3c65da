import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { SessionState } from "@amp/proto";
import type { Case } from "../../case.js";
import { assertInvalid } from "../failure.js";
import { listIds, newSession } from "../steps.js";
import type { BackendSubject } from "../subject.js";

const MOST_IDS = 200;

/** List by session_ids: a filter like the others. */
export const listIdsCases: Case<BackendSubject>[] = [
  {
    name: "List by session_ids tells these and no others, and leaves out unknown ones",
    async run(subject) {
      const { surface, ids } = await populate(subject, 3);
      const [one = "", two = ""] = ids;
      const unknown = [randomUUID(), "no-such-session"];
      const listed = await listIds(subject, { surface });
      const sessionIds = [...unknown, one, two, one];
      const expected = listed.filter((id) => id === one || id === two);
      assert.deepEqual(await listIds(subject, { sessionIds }), expected);
      assert.deepEqual(await listIds(subject, { sessionIds: unknown }), []);
    },
  },
  {
    name: "List by session_ids keeps the other filters",
    async run(subject) {
      const { surface, ids } = await populate(subject, 3);
      const [alive = "", ended = ""] = ids;
      await subject.client.end({ sessionId: ended });
      const sessionIds = [alive, ended];
      const { ACTIVE, ENDED } = SessionState;
      assert.deepEqual(await listIds(subject, { sessionIds, state: ACTIVE }), [alive]);
      assert.deepEqual(await listIds(subject, { sessionIds, state: ENDED }), [ended]);
      assert.equal((await listIds(subject, { sessionIds, surface })).length, 2);
      assert.deepEqual(await listIds(subject, { sessionIds, surface: randomUUID() }), []);
      assert.deepEqual(await listIds(subject, { sessionIds, idPrefix: alive }), [alive]);
    },
  },
  {
    name: "pages of List by session_ids go to the end without gaps or repeats",
    async run(subject) {
      const { ids } = await populate(subject, 7);
      const sessionIds = ids.slice(0, 5);
      const expected = await listIds(subject, { sessionIds });
      assert.deepEqual(expected.toSorted(), sessionIds.toSorted());
      for (const pageSize of [1, 2, 5]) {
        const listed: string[] = [];
        let pageToken = "";
        do {
          const page = await subject.client.list({ sessionIds, pageSize, pageToken });
          listed.push(...page.sessions.map(({ sessionId }) => sessionId));
          pageToken = page.nextPageToken;
        } while (pageToken !== "" && listed.length <= sessionIds.length);
        assert.deepEqual(listed, expected);
      }
    },
  },
  {
    name: "List takes 200 session_ids and refuses 201",
    async run(subject) {
      const { sessionId } = await newSession(subject);
      const sessionIds = [sessionId, ...Array.from({ length: MOST_IDS - 1 }, () => randomUUID())];
      assert.deepEqual(await listIds(subject, { sessionIds }), [sessionId]);
      const tooMany = [...sessionIds, randomUUID()];
      await assertInvalid(subject.client.list({ sessionIds: tooMany }), "session_ids");
    },
  },
];

/** Begins sessions on a surface of their own. */
async function populate(subject: BackendSubject, count: number) {
  const origin = { surface: `contract-${randomUUID()}` };
  const creating = Array.from({ length: count }, () => newSession(subject, { origin }));
  const ids = (await Promise.all(creating)).map(({ sessionId }) => sessionId);
  return { surface: origin.surface, ids };
}
