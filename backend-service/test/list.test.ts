import type { DeepPartial, ListRequest, SessionClient } from "@amp/proto";
import { SessionState } from "@amp/proto";
import { expect, test } from "vitest";
import { failure, inDatabase, newSession, tempDir, testBackend } from "./backend.js";

async function ids(sessions: SessionClient, request: DeepPartial<ListRequest>): Promise<string[]> {
  const found: string[] = [];
  for (let pageToken = ""; ; ) {
    const page = await sessions.list({ ...request, pageToken });
    found.push(...page.sessions.map((session) => session.sessionId));
    pageToken = page.nextPageToken;
    if (!pageToken) return found;
  }
}

test("sessions are listed by their last activity, in pages, through every filter", async () => {
  await using other = await tempDir();
  await using running = await testBackend({ WORKSPACE_ROOTS: `${process.cwd()},${other.path}` });
  const { sessions } = running;
  const slack = { surface: "slack", user: "U1", conversation: "C1" };
  const created: string[] = [];
  for (const request of [{}, { origin: slack }, { workingDir: other.path }, {}, {}]) {
    const { session } = await sessions.create(request);
    created.push(session?.sessionId ?? "");
  }
  const [a = "", b = "", c = "", d = "", e = ""] = created;
  expect(await ids(sessions, { pageSize: 2 })).toEqual([e, d, c, b, a]);
  await sessions.send({ sessionId: a, message: "hi" });
  await sessions.end({ sessionId: d, reason: "" });
  expect(await ids(sessions, { pageSize: 1 })).toEqual([d, a, e, c, b]);
  expect(await ids(sessions, { state: SessionState.ACTIVE })).toEqual([a, e, c, b]);
  expect(await ids(sessions, { state: SessionState.ENDED })).toEqual([d]);
  expect(await ids(sessions, { surface: "slack" })).toEqual([b]);
  const project = other.path.split("/").at(-1) ?? "";
  expect(await ids(sessions, { project })).toEqual([c]);
  expect(await ids(sessions, { idPrefix: e.slice(0, 12) })).toEqual([e]);
  expect(await ids(sessions, { idPrefix: "%" })).toEqual([]);
  expect((await sessions.get({ sessionId: b })).session).toMatchObject({ origin: slack });
});

test("the transcript is read in pages from either end, also of an ended session", async () => {
  await using running = await testBackend();
  const { sessions } = running;
  const sessionId = await newSession(sessions);
  for (let n = 1; n <= 5; n++) await sessions.send({ sessionId, message: `m${n}` });
  await sessions.end({ sessionId });
  for (const newestFirst of [false, true]) {
    const seqs: number[] = [];
    let pageToken = "";
    do {
      const page = await sessions.listTurns({ sessionId, pageSize: 2, pageToken, newestFirst });
      seqs.push(...page.turns.map((turn) => turn.seq));
      pageToken = page.nextPageToken;
    } while (pageToken);
    expect(seqs).toEqual(newestFirst ? [5, 4, 3, 2, 1] : [1, 2, 3, 4, 5]);
  }
  const { nextPageToken } = await sessions.listTurns({ sessionId, pageSize: 2 });
  const wrongOrder = { sessionId, pageToken: nextPageToken, newestFirst: true };
  expect(await failure(sessions.listTurns(wrongOrder))).toMatchObject({ field: "page_token" });
});

test("a page of long turns is shorter, and nothing is skipped", async () => {
  await using running = await testBackend();
  const { sessions } = running;
  const sessionId = await newSession(sessions);
  for (let n = 0; n < 8; n++) await sessions.send({ sessionId, message: "long 200000" });
  const first = await sessions.listTurns({ sessionId });
  expect(first.turns.length).toBeLessThan(8);
  const rest = await sessions.listTurns({ sessionId, pageToken: first.nextPageToken });
  expect([...first.turns, ...rest.turns].map((turn) => turn.seq).slice(0, 4)).toEqual([1, 2, 3, 4]);
});

test("pages are bounded by bytes, in both orders, and leave nothing out", async () => {
  await using running = await testBackend();
  const { sessions } = running;
  const sessionId = await newSession(sessions);
  // From nothing to twice what a page may hold; three bytes a character.
  await inDatabase(
    running.database,
    `insert into turns (session_id, seq, request_id, message, reply, tool_calls, state)
      select '${sessionId}', n, n::text, repeat('\u3042', (n * 7919) % 200000),
        repeat('\u3044', case when n % 10 = 0 then 400000 else n end),
        jsonb_build_array(jsonb_build_object('id', 'a', 'title', '', 'kind', 'other',
          'status', 'completed', 'content', repeat('z', (n * 31337) % 300000))),
        'completed'
      from generate_series(1, 60) n`,
  );
  for (const newestFirst of [false, true]) {
    const seen: number[] = [];
    let pageToken = "";
    do {
      const page = await sessions.listTurns({ sessionId, pageSize: 25, pageToken, newestFirst });
      const bytes = Buffer.byteLength(JSON.stringify(page.turns));
      if (page.turns.length > 1) expect(bytes).toBeLessThan(1_300_000);
      expect(page.turns.length).toBeGreaterThan(0);
      expect(page.turns.length).toBeLessThanOrEqual(25);
      seen.push(...page.turns.map((turn) => turn.seq));
      pageToken = page.nextPageToken;
    } while (pageToken);
    const all = Array.from({ length: 60 }, (_, n) => n + 1);
    expect(seen).toEqual(newestFirst ? all.reverse() : all);
  }
});

test("sessions are looked up by their ids, unknown ones left out", async () => {
  await using running = await testBackend();
  const { sessions } = running;
  const [a, b] = [await newSession(sessions), await newSession(sessions)];
  await newSession(sessions);
  await sessions.end({ sessionId: a });
  expect(await ids(sessions, { sessionIds: [a, b, "nobody"] })).toEqual([a, b]);
  expect(await ids(sessions, { sessionIds: [a, b], pageSize: 1 })).toEqual([a, b]);
  expect(await ids(sessions, { sessionIds: [a, b], state: SessionState.ACTIVE })).toEqual([b]);
  expect(await ids(sessions, { sessionIds: ["nobody"] })).toEqual([]);
  const many = Array.from({ length: 201 }, () => a);
  expect(await failure(sessions.list({ sessionIds: many }))).toMatchObject({
    field: "session_ids",
  });
});
