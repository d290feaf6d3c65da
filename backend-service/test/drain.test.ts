import { openPool } from "@amp/postgres";
import { type TestDatabase, testDatabase } from "@amp/stack/testing";
import { status } from "@grpc/grpc-js";
import { pino } from "pino";
import { expect, test } from "vitest";
import { expire } from "../src/sessions/expiry.js";
import { backendOn, eventually, failure, inDatabase, newSession } from "./backend.js";
import { persistently, replicas, sessionOf } from "./replicas.js";
import { steeredAgent } from "./steered-agent.js";

test("a drain does not wait for a look at old sessions that hangs", async () => {
  await using database = await testDatabase();
  const failedSweeps: string[] = [];
  const logger = pino({ level: "warn" }, { write: (line) => void failedSweeps.push(line) });
  await using running = await backendOn(database, {}, { logger, expiryInterval: 1 });
  const pool = openPool({ url: database.url, ...service, max: 1 });
  const blocker = await blockEndings(pool);
  await eventually(async () => expect(await waiting(database)).toHaveLength(1));
  const stopped = running.backend[Symbol.asyncDispose]();
  await eventually(async () =>
    expect(await inDatabase(database, "select 1 from replicas where not draining")).toEqual([]),
  );
  // It still hangs: it would fail with the timeout of its query.
  expect(failedSweeps).toEqual([]);
  await blocker.query("rollback");
  blocker.release();
  await pool.end();
  await stopped;
});

test("a look at old sessions ends with the batch that it is at", async () => {
  await using database = await testDatabase();
  {
    await using running = await backendOn(database);
    await Promise.all(Array.from({ length: 60 }, () => newSession(running.sessions)));
  }
  const pool = openPool({ url: database.url, ...service, max: 2 });
  const blocker = await blockEndings(pool);
  const stop = new AbortController();
  const expiring = expire(pool, { idleMs: 0 }, stop.signal);
  await eventually(async () => expect(await waiting(database)).toHaveLength(1));
  stop.abort();
  await blocker.query("rollback");
  blocker.release();
  await expiring;
  await pool.end();
  const left = await inDatabase(database, "select 1 from sessions where state = 'active'");
  expect(left).toHaveLength(10);
});

test("a message that is accepted just as the drain begins is run by the next owner, before this one has stopped", async () => {
  await using database = await testDatabase();
  const agent = steeredAgent();
  await using all = await replicas(2, database, { agents: [agent] }, { SHUTDOWN_GRACE: "1m" });
  const [first, second] = all;
  if (!first || !second) throw new Error("no replicas");
  const busy = await sessionOf(first);
  const idle = await sessionOf(first);
  const long = first.sessions.send({ sessionId: busy, message: "hold on" });
  await eventually(() => expect(agent.prompts).toContain("hold on"));

  const pool = openPool({ url: database.url, ...service, max: 1 });
  const blocker = await pool.connect();
  await blocker.query("begin");
  await blocker.query("select from sessions where session_id = $1 for update", [idle]);
  const request = { sessionId: idle, message: "just in time", requestId: "a" };
  const refused = failure(first.sessions.send(request));
  await eventually(async () => {
    const accepting = `select 1 from pg_stat_activity where datname = current_database()
      and wait_event_type = 'Lock' and query like '%insert into turns%'`;
    expect(await inDatabase(database, accepting)).toHaveLength(1);
  });
  const stopped = first.backend[Symbol.asyncDispose]();
  await eventually(async () =>
    expect(await inDatabase(database, "select 1 from replicas where draining")).toHaveLength(1),
  );
  await blocker.query("rollback");
  blocker.release();
  await pool.end();
  expect(await refused).toMatchObject({ code: status.UNAVAILABLE, reason: "DRAINING" });

  const { reply } = await persistently(() => second.sessions.send(request));
  expect(reply).toBe("echo: just in time");
  agent.release("hold on");
  await long;
  await stopped;
});

const service = {
  schema: "amp_backend",
  application: "test",
  logger: pino({ level: "silent" }),
};

/** Makes every end of a session, and whoever deletes old news of one, wait for the end of this transaction. */
async function blockEndings(pool: ReturnType<typeof openPool>) {
  const blocker = await pool.connect();
  await blocker.query("begin");
  await blocker.query("lock table endings in access exclusive mode");
  return blocker;
}

/** Who waits for that. */
function waiting(database: TestDatabase): Promise<unknown[]> {
  return inDatabase(
    database,
    `select 1 from pg_locks where not granted and relation = 'endings'::regclass
      and database = (select oid from pg_database where datname = current_database())`,
  );
}
