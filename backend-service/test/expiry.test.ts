import { EndKind, SessionState } from "@amp/proto";
import { testDatabase } from "@amp/stack/testing";
import { type ServiceError, status } from "@grpc/grpc-js";
import { expect, test } from "vitest";
import { backendOn, drain, eventually, failure, inDatabase, newSession } from "./backend.js";
import { steeredAgent } from "./steered-agent.js";

const OFTEN = { expiryInterval: 50 };

/** Makes a session look as if it had been left alone for so long. */
const age = (sessionId: string, column: string, interval: string) =>
  `update sessions set ${column} = ${column} - interval '${interval}' where session_id = '${sessionId}'`;

test("an idle session expires, once, whatever the number of replicas; who watches is told", async () => {
  const agent = steeredAgent();
  await using database = await testDatabase();
  await using a = await backendOn(database, {}, { ...OFTEN, agents: [agent] });
  await using b = await backendOn(database, {}, { ...OFTEN, agents: [agent] });
  const feed = a.sessions.watchEndings({});
  await feed.next();
  const busy = await newSession(a.sessions);
  const held = a.sessions.send({ sessionId: busy, message: "hold on" });
  await eventually(() => expect(agent.prompts).toHaveLength(1));
  const [idle, fresh] = [await newSession(a.sessions), await newSession(a.sessions)];
  const watching = a.sessions.watch({ sessionId: idle });
  await watching.next();
  const watched = drain(watching);
  await inDatabase(database, age(busy, "last_active_at", "31 days"));
  await inDatabase(database, age(fresh, "last_active_at", "29 days"));
  await inDatabase(database, age(idle, "last_active_at", "31 days"));
  const { value: ending } = await feed.next();
  expect(ending).toMatchObject({ sessionId: idle, kind: EndKind.EXPIRED, reason: "" });
  const { items, error } = await watched;
  expect(error).toBeUndefined();
  expect(items.at(-1)?.event).toMatchObject({ $case: "ended", value: { endKind: 2 } });
  expect((await b.sessions.get({ sessionId: idle })).session).toMatchObject({
    state: SessionState.ENDED,
    endKind: EndKind.EXPIRED,
  });
  const calls = [
    b.sessions.send({ sessionId: idle, message: "hello?" }),
    b.sessions.sendStream({ sessionId: idle, message: "hello?" }).next(),
    b.sessions.watch({ sessionId: idle }).next(),
    b.sessions.cancel({ sessionId: idle }),
  ];
  for (const failed of await Promise.all(calls.map(failure))) {
    expect(failed).toMatchObject({
      code: status.NOT_FOUND,
      reason: "SESSION_EXPIRED",
    });
  }
  expect(await b.sessions.end({ sessionId: idle })).toEqual({ ended: false });
  agent.release("hold on");
  await held;
  const active = await b.sessions.list({ state: SessionState.ACTIVE });
  expect(active.sessions.map((each) => each.sessionId).sort()).toEqual([busy, fresh].sort());
  await feed.return();
});

test("what ended long ago is deleted, and then unknown; its turns and its ending go with it", async () => {
  await using database = await testDatabase();
  await using running = await backendOn(database, {}, OFTEN);
  const { sessions } = running;
  const feed = sessions.watchEndings({});
  const { value: start } = await feed.next();
  const [old, recent] = [await newSession(sessions), await newSession(sessions)];
  await sessions.send({ sessionId: old, message: "hi" });
  for (const sessionId of [old, recent]) {
    await sessions.end({ sessionId });
    expect((await feed.next()).value).toMatchObject({ sessionId });
  }
  await feed.return();
  await inDatabase(
    database,
    "update endings set ended_at = ended_at - interval '91 days' where number = 1",
  );
  await inDatabase(database, age(old, "ended_at", "91 days"));
  await inDatabase(database, age(recent, "ended_at", "89 days"));
  await eventually(async () =>
    expect(await failure(sessions.get({ sessionId: old }))).toMatchObject({
      code: status.NOT_FOUND,
      reason: "SESSION_UNKNOWN",
    }),
  );
  expect(await inDatabase(database, "select count(*) from turns")).toEqual([{ count: 0 }]);
  expect((await sessions.get({ sessionId: recent })).session?.state).toBe(SessionState.ENDED);
  await eventually(async () =>
    expect(
      await failure(sessions.watchEndings({ cursor: start?.cursor ?? "" }).next()),
    ).toMatchObject({ reason: "CURSOR_TOO_OLD" }),
  );
});

test("a message that meets the expiry of its session is answered, or told that it is dead", async () => {
  await using database = await testDatabase();
  await using running = await backendOn(database, {}, { expiryInterval: 1 });
  const { sessions } = running;
  const ids = await Promise.all(Array.from({ length: 40 }, () => newSession(sessions)));
  const outcomes = await Promise.all(
    ids.map(async (sessionId) => {
      const aged = inDatabase(database, age(sessionId, "last_active_at", "31 days"));
      const told = await sessions.send({ sessionId, message: "am I late?" }).then(
        () => "answered",
        (error: ServiceError) => error.code,
      );
      await aged;
      return { sessionId, told };
    }),
  );
  for (const { sessionId, told } of outcomes) {
    expect(["answered", status.NOT_FOUND]).toContain(told);
    const { turns } = await sessions.listTurns({ sessionId });
    expect(turns.map((turn) => turn.state)).toEqual(told === "answered" ? [3] : []);
  }
});

test("a session of any length is deleted, in small parts, and so are the rows of crashed replicas", async () => {
  await using database = await testDatabase();
  await using running = await backendOn(database, {}, OFTEN);
  const { sessions } = running;
  const ids = await Promise.all(Array.from({ length: 120 }, () => newSession(sessions)));
  const [long = ""] = ids;
  await inDatabase(
    database,
    `insert into turns (session_id, seq, request_id, message, state, begun_at)
      select '${long}', n, n::text, 'm', 'completed', null from generate_series(1, 3000) n`,
  );
  await inDatabase(
    database,
    `insert into replicas (replica_id, address, heartbeat_at, lease_until)
      values (gen_random_uuid(), 'a', now() - interval '2 hours', now() - interval '2 hours'),
        (gen_random_uuid(), 'b', now(), now() - interval '1 minute')`,
  );
  await Promise.all(ids.map((sessionId) => sessions.end({ sessionId })));
  await inDatabase(database, "update sessions set ended_at = ended_at - interval '91 days'");
  await eventually(async () =>
    expect(await inDatabase(database, "select session_id from sessions")).toEqual([]),
  );
  expect(await inDatabase(database, "select seq from turns")).toEqual([]);
  await eventually(async () =>
    expect(
      await inDatabase(database, "select address from replicas where address in ('a', 'b')"),
    ).toEqual([{ address: "b" }]),
  );
});
