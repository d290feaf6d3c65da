import assert from "node:assert/strict";
import type { Case } from "../../case.js";
import { assertInvalid } from "../failure.js";
import { newSession, say } from "../steps.js";
import type { BackendSubject } from "../subject.js";

const TURNS = [1, 2, 3, 4, 5, 6, 7];

/** ListTurns: the transcript, in either order, in pages. */
export const listTurnsCases: Case<BackendSubject>[] = [
  {
    name: "pages of ListTurns go to the end in either order, without gaps or repeats",
    async run(subject) {
      const sessionId = await conversation(subject);
      for (const newestFirst of [false, true]) {
        const expected = newestFirst ? TURNS.toReversed() : TURNS;
        for (const pageSize of [0, 1, 3, 7, 8]) {
          assert.deepEqual(await pages(subject, { sessionId, pageSize, newestFirst }), expected);
        }
      }
    },
  },
  {
    name: "ListTurns begins with from_seq in either order, and its pages go on from there",
    async run(subject) {
      const sessionId = await conversation(subject);
      for (const fromSeq of TURNS) {
        const older = TURNS.slice(0, fromSeq).toReversed();
        const newer = TURNS.slice(fromSeq - 1);
        for (const pageSize of [0, 1, 3]) {
          const request = { sessionId, pageSize, fromSeq };
          assert.deepEqual(await pages(subject, { ...request, newestFirst: false }), newer);
          assert.deepEqual(await pages(subject, { ...request, newestFirst: true }), older);
        }
      }
    },
  },
  {
    name: "ListTurns from beyond the end is empty oldest first, and begins with the newest otherwise",
    async run(subject) {
      const sessionId = await conversation(subject);
      for (const fromSeq of [8, 9, 1_000, 2 ** 31 - 1]) {
        const request = { sessionId, fromSeq, pageSize: 3 };
        const beyond = await subject.client.listTurns(request);
        assert.deepEqual(beyond, { turns: [], nextPageToken: "" });
        const newest = await pages(subject, { ...request, newestFirst: true });
        assert.deepEqual(newest, TURNS.toReversed());
      }
    },
  },
  {
    name: "ListTurns refuses a negative from_seq, in either order",
    async run(subject) {
      const { sessionId } = await newSession(subject);
      for (const newestFirst of [false, true]) {
        for (const fromSeq of [-1, -(2 ** 31)]) {
          const call = subject.client.listTurns({ sessionId, fromSeq, newestFirst });
          await assertInvalid(call, "from_seq");
        }
      }
    },
  },
  {
    name: "ListTurns answers at most 50 turns unless asked for more, and no token after the last page",
    async run(subject) {
      const { sessionId } = await newSession(subject);
      for (let turn = 1; turn <= 51; turn += 1) await say(subject, sessionId, `message ${turn}`);
      const page = await subject.client.listTurns({ sessionId });
      assert.ok(page.turns.length <= 50, `a page of ${page.turns.length}`);
      assert.notEqual(page.nextPageToken, "", "the 51st turn cannot be reached");
      for (const pageSize of [17, 51, 200]) {
        const seqs: number[] = [];
        let pageToken = "";
        do {
          const next = await subject.client.listTurns({ sessionId, pageSize, pageToken });
          assert.notEqual(next.turns.length, 0, "a token led to an empty page");
          seqs.push(...next.turns.map(({ seq }) => seq));
          pageToken = next.nextPageToken;
        } while (pageToken !== "");
        assert.deepEqual(
          seqs,
          Array.from({ length: 51 }, (_, at) => at + 1),
        );
      }
    },
  },
  {
    name: "ListTurns of a session without turns is empty",
    async run(subject) {
      const { sessionId } = await newSession(subject);
      const answer = await subject.client.listTurns({ sessionId });
      assert.deepEqual(answer, { turns: [], nextPageToken: "" });
    },
  },
  {
    name: "ListTurns refuses page tokens and sizes that cannot be",
    async run(subject) {
      const { sessionId } = await newSession(subject);
      const { client } = subject;
      await assertInvalid(client.listTurns({ sessionId, pageToken: "no token" }), "page_token");
      await assertInvalid(client.listTurns({ sessionId, pageSize: -1 }), "page_size");
      await assertInvalid(client.listTurns({ sessionId, pageSize: 201 }), "page_size");
    },
  },
];

async function conversation(subject: BackendSubject): Promise<string> {
  const { sessionId } = await newSession(subject);
  for (const number of TURNS) await say(subject, sessionId, `message ${number}`);
  return sessionId;
}

/** The numbers of the turns, page by page. */
async function pages(
  { client }: BackendSubject,
  request: { sessionId: string; pageSize: number; newestFirst: boolean; fromSeq?: number },
): Promise<number[]> {
  const seqs: number[] = [];
  let pageToken = "";
  do {
    const page = await client.listTurns({ ...request, pageToken });
    if (request.pageSize > 0) assert.ok(page.turns.length <= request.pageSize, "too long a page");
    seqs.push(...page.turns.map(({ seq }) => seq));
    pageToken = page.nextPageToken;
  } while (pageToken !== "" && seqs.length <= TURNS.length);
  return seqs;
}
