import { EndKind, type SessionClient, type WatchEndingsResponse } from "@amp/proto";
import { testDatabase } from "@amp/stack/testing";
import { status } from "@grpc/grpc-js";
import { expect, test } from "vitest";
import {
  backendOn,
  drain,
  eventually,
  failure,
  inDatabase,
  newSession,
  type TestBackend,
  testBackend,
} from "./backend.js";

test("a reader is told every end after its position, in one order, and goes on from any cursor", async () => {
  await using running = await testBackend();
  const { sessions } = running;
  await sessions.end({ sessionId: await newSession(sessions), reason: "before" });
  await using reader = await read(sessions, "");
  expect(reader.told).toEqual([]);
  const ids = await Promise.all([1, 2, 3].map(() => newSession(sessions)));
  for (const sessionId of ids) await sessions.end({ sessionId, reason: `of ${sessionId}` });
  await sessions.end({ sessionId: ids[0] ?? "" });
  await eventually(() => expect(reader.told.map((each) => each.sessionId)).toEqual(ids));
  const [first, second] = reader.told;
  expect(first).toMatchObject({ kind: EndKind.ENDED, reason: `of ${ids[0]}` });
  const { session } = await sessions.get({ sessionId: ids[0] ?? "" });
  expect(session).toMatchObject({ endKind: EndKind.ENDED, endedAt: first?.endedAt });
  await using later = await read(sessions, first?.cursor ?? "");
  await eventually(() => expect(later.told).toEqual(reader.told.slice(1)));
  await using again = await read(sessions, second?.cursor ?? "");
  await eventually(() => expect(again.told).toEqual(reader.told.slice(2)));
});

test("readers at any replica miss none of many ends at once, and agree on their order", async () => {
  await using database = await testDatabase();
  await using a = await backendOn(database);
  await using b = await backendOn(database);
  await using c = await backendOn(database);
  const replicas: TestBackend[] = [a, b, c];
  await using atB = await read(b.sessions, "");
  await using atC = await read(c.sessions, "");
  const ids = await Promise.all(Array.from({ length: 300 }, () => newSession(a.sessions)));
  // Each is ended at every replica at once: one of them does it, and it is told once.
  const ended = await Promise.all(
    ids.flatMap((sessionId) => replicas.map(({ sessions }) => sessions.end({ sessionId }))),
  );
  expect(ended.filter((each) => each.ended)).toHaveLength(ids.length);
  await eventually(() => expect(atB.told).toHaveLength(ids.length));
  await eventually(() => expect(atC.told).toEqual(atB.told));
  expect(new Set(atB.told.map((each) => each.sessionId))).toEqual(new Set(ids));
});

test("an end is told within the time of a poll when notifications are lost", async () => {
  await using running = await testBackend();
  const { sessions } = running;
  await using reader = await read(sessions, "");
  await inDatabase(running.database, "alter table sessions disable trigger session_ended");
  const sessionId = await newSession(sessions);
  await inDatabase(
    running.database,
    `with next as (update endings_position set last = last + 1 returning last)
     insert into endings select last, '${sessionId}', 'ended', '', now() from next`,
  );
  await eventually(() => expect(reader.told).toMatchObject([{ sessionId }]));
});

test("a quiet feed tells its position now and then", async () => {
  const endingsTimes = { pollMs: 20, heartbeatMs: 60 };
  await using running = await testBackend({}, { endingsTimes });
  const stream = running.sessions.watchEndings({});
  const positions: WatchEndingsResponse[] = [];
  for await (const response of stream) if (positions.push(response) === 3) break;
  expect(positions.map((each) => each.sessionId)).toEqual(["", "", ""]);
  expect(new Set(positions.map((each) => each.cursor)).size).toBe(1);
});

test("a cursor that cannot be gone on from is refused, one that is none is invalid", async () => {
  await using running = await testBackend();
  await using other = await testBackend();
  const { sessions } = running;
  await using reader = await read(sessions, "");
  const start = reader.position;
  for (let n = 0; n < 3; n++) await sessions.end({ sessionId: await newSession(sessions) });
  await eventually(() => expect(reader.told).toHaveLength(3));
  const tooOld = { code: status.OUT_OF_RANGE, reason: "CURSOR_TOO_OLD" };
  const { cursor = "" } = reader.told[2] ?? {};
  expect(await failure(other.sessions.watchEndings({ cursor }).next())).toMatchObject(tooOld);
  await inDatabase(running.database, "delete from endings where number <= 2");
  expect(await failure(sessions.watchEndings({ cursor: start }).next())).toMatchObject(tooOld);
  await using last = await read(sessions, reader.told[1]?.cursor ?? "");
  await eventually(() => expect(last.told).toHaveLength(1));
  for (const nonsense of ["nonsense", "W10", "WyJhIiwxXQ"]) {
    expect(await failure(sessions.watchEndings({ cursor: nonsense }).next())).toMatchObject({
      code: status.INVALID_ARGUMENT,
      field: "cursor",
    });
  }
});

test("the feed ends with UNAVAILABLE when the backend drains", async () => {
  const running = await testBackend();
  const stream = running.sessions.watchEndings({});
  await stream.next();
  const rest = drain(stream);
  await running[Symbol.asyncDispose]();
  expect((await rest).error).toMatchObject({ code: status.UNAVAILABLE });
});

/** Collects what a feed tells, until disposed. */
async function read(sessions: SessionClient, cursor: string) {
  const left = new AbortController();
  const stream = sessions.watchEndings({ cursor }, { signal: left.signal });
  const first = await stream.next();
  const told: WatchEndingsResponse[] = [];
  const reading = (async () => {
    for await (const response of stream) if (response.sessionId) told.push(response);
  })().catch(() => {});
  return {
    /** Where it began: the first response is a position. */
    position: first.value?.sessionId === "" ? first.value.cursor : "not a position",
    told,
    async [Symbol.asyncDispose]() {
      left.abort();
      await reading;
    },
  };
}
