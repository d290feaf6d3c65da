import { randomUUID } from "node:crypto";
import { openPool } from "@amp/postgres";
import { tcpProxy, testDatabase } from "@amp/stack/testing";
import { status } from "@grpc/grpc-js";
import { pino } from "pino";
import { expect, test } from "vitest";
import { beginTurn } from "../src/store/turns.js";
import { backendOn, eventually, failure, newSession } from "./backend.js";
import { steeredAgent } from "./steered-agent.js";

const LEASE = { heartbeatMs: 50, leaseMs: 400, trustMs: 300 };

test("replicas that start at once migrate once", async () => {
  await using database = await testDatabase();
  const started = await Promise.all([1, 2, 3].map(() => backendOn(database)));
  for (const { sessions } of started) await newSession(sessions);
  const { sessions } = started[0] ?? {};
  expect((await sessions?.list({}))?.sessions).toHaveLength(3);
  await Promise.all(started.map((each) => each[Symbol.asyncDispose]()));
});

test("a replica that lost its lease cannot write, and the one that took over answers once", async () => {
  const agent = steeredAgent();
  await using database = await testDatabase();
  await using proxy = await tcpProxy(database.url);
  await using cutOff = await backendOn(proxy, {}, { agents: [agent], leaseTimes: LEASE });
  const sessionId = await newSession(cutOff.sessions);
  const request = { sessionId, message: "deaf one", requestId: "a" };
  const lost = failure(cutOff.sessions.send(request));
  await eventually(() => expect(agent.prompts).toHaveLength(1));
  proxy.cut();
  expect(await lost).toMatchObject({ code: status.UNAVAILABLE, reason: "LEASE_LOST" });
  await using heir = await backendOn(database, {}, { agents: [agent], leaseTimes: LEASE });
  await eventually(() => expect(agent.prompts).toHaveLength(2));
  proxy.restore();
  agent.release("deaf one");
  expect((await heir.sessions.send(request)).reply).toBe("begun done");
  const { turns } = await heir.sessions.listTurns({ sessionId });
  expect(turns).toMatchObject([{ state: 3, reply: "begun done" }]);
  expect(agent.prompts).toHaveLength(2);
});

test("an answer kept through an outage is dropped when somebody else owns the session", async () => {
  const agent = steeredAgent();
  await using database = await testDatabase();
  await using proxy = await tcpProxy(database.url);
  await using cutOff = await backendOn(proxy, {}, { agents: [agent], leaseTimes: LEASE });
  const sessionId = await newSession(cutOff.sessions);
  const request = { sessionId, message: "hold on", requestId: "a" };
  const lost = failure(cutOff.sessions.send(request));
  await eventually(() => expect(agent.prompts).toHaveLength(1));
  proxy.cut();
  agent.release("hold on");
  expect(await lost).toMatchObject({ reason: "LEASE_LOST" });
  await using heir = await backendOn(database, {}, { agents: [agent], leaseTimes: LEASE });
  await eventually(() => expect(agent.prompts).toHaveLength(2));
  proxy.restore();
  // It is back, and passes on what it is asked.
  await eventually(async () =>
    expect((await cutOff.sessions.listTurns({ sessionId })).turns[0]?.reply).toBe("begun "),
  );
  expect((await heir.sessions.get({ sessionId })).session?.openTurns).toBe(1);
  agent.release("hold on");
  expect((await heir.sessions.send(request)).reply).toBe("begun done");
  expect((await heir.sessions.get({ sessionId })).session).toMatchObject({
    openTurns: 0,
    turnCount: 1,
  });
});

test("only the owner of a session, and only as such, can say that a turn is begun", async () => {
  const agent = steeredAgent({ repeatable: false });
  await using database = await testDatabase();
  await using running = await backendOn(database, {}, { agents: [agent] });
  const sessionId = await newSession(running.sessions);
  const answer = running.sessions.send({ sessionId, message: "hold on" });
  await eventually(() => expect(agent.prompts).toHaveLength(1));
  const logger = pino({ level: "silent" });
  const pool = openPool({ url: database.url, schema: "amp_backend", application: "test", logger });
  const { rows } = await pool.query<{ owner: string; epoch: number }>(
    "select owner, epoch from sessions",
  );
  const [{ owner, epoch } = { owner: "", epoch: 0 }] = rows;
  expect(await beginTurn(pool, owner, { sessionId, epoch }, 1)).toMatchObject({ runs: 2 });
  expect(await beginTurn(pool, owner, { sessionId, epoch: epoch - 1 }, 1)).toBeUndefined();
  expect(await beginTurn(pool, randomUUID(), { sessionId, epoch }, 1)).toBeUndefined();
  agent.release("hold on");
  await answer;
  expect(await beginTurn(pool, owner, { sessionId, epoch }, 1)).toBeUndefined();
  await pool.end();
});

test("nothing is left behind in the database", async () => {
  await using database = await testDatabase();
  {
    await using running = await backendOn(database);
    const sessionId = await newSession(running.sessions);
    await running.sessions.send({ sessionId, message: "hi" });
  }
  const logger = pino({ level: "silent" });
  const pool = openPool({ url: database.url, schema: "amp_backend", application: "test", logger });
  const { rows: replicas } = await pool.query("select * from replicas");
  const { rows: connections } = await pool.query(
    "select 1 from pg_stat_activity where application_name like 'amp-backend%' and datname = current_database()",
  );
  const { rows: locks } = await pool.query(
    `select 1 from pg_locks where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())`,
  );
  await pool.end();
  expect({ replicas, connections, locks }).toEqual({ replicas: [], connections: [], locks: [] });
});
