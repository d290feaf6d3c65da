import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { isUnavailable, listen, migrate, openPool, transaction } from "@amp/postgres";
import { type TcpProxy, type TestDatabase, tcpProxy, testDatabase } from "@amp/stack/testing";
import type pg from "pg";
import { pino } from "pino";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

const logger = pino({ level: "silent" });
const schema = "amp_x";
const PATIENCE = { timeout: 60_000, interval: 50 };

let database: TestDatabase;
let proxy: TcpProxy;
let pool: pg.Pool;

beforeEach(async () => {
  database = await testDatabase();
  proxy = await tcpProxy(database.url);
  pool = open(database.url);
  await pool.query(`create schema ${schema};
    create table items (id int primary key, n int not null default 0); insert into items values (1)`);
});

afterEach(async () => {
  await pool.end();
  await proxy[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

function open(url: string, queryTimeout?: number): pg.Pool {
  const options = { url, schema, application: "test", logger };
  return openPool(queryTimeout === undefined ? options : { ...options, queryTimeout });
}

/** A client that holds a lock on the row and goes silent, as one whose host lost its power. */
async function silentHolder(holding: string): Promise<AsyncDisposable> {
  const holder = open(proxy.url);
  const client = await holder.connect();
  await client.query("begin");
  await client.query(holding);
  proxy.mute();
  return {
    async [Symbol.asyncDispose]() {
      client.release(true);
      await holder.end();
    },
  };
}

test.each([
  ["a row", "select from items where id = 1 for update"],
  ["a table", "lock table items in access exclusive mode"],
  ["an advisory lock", "select pg_advisory_xact_lock(7)"],
])(
  "a client that goes silent in mid-transaction lets go of %s by itself",
  async (_, holding) => {
    await using _holder = await silentHolder(holding);
    const other = open(database.url, 10_000);
    const errors: unknown[] = [];
    await vi.waitFor(async () => {
      try {
        await transaction(other, async (client) => {
          await client.query("select pg_advisory_xact_lock(7)");
          await client.query("update items set n = n + 1 where id = 1");
        });
      } catch (error) {
        errors.push(error);
        throw error;
      }
    }, PATIENCE);
    await other.end();
    // They waited, and were told to try again.
    expect(errors.length).toBeGreaterThan(0);
    for (const error of errors) {
      expect(error).toMatchObject({ code: "55P03" });
      expect(isUnavailable(error)).toBe(true);
    }
  },
  90_000,
);

test("what a connection is told of time holds, and what the URL says counts for more", async () => {
  const show = async (url: string, queryTimeout?: number) => {
    const shown = open(url, queryTimeout);
    const { rows } = await shown.query<{ name: string; setting: string }>(
      `select name, setting from pg_settings where name in ('statement_timeout', 'lock_timeout',
        'idle_in_transaction_session_timeout', 'idle_session_timeout', 'tcp_keepalives_idle')`,
    );
    await shown.end();
    return Object.fromEntries(rows.map(({ name, setting }) => [name, Number(setting)]));
  };
  expect(await show(database.url, 4_000)).toEqual({
    statement_timeout: 3_600,
    lock_timeout: 5_000,
    idle_in_transaction_session_timeout: 10_000,
    idle_session_timeout: 0,
    tcp_keepalives_idle: 5,
  });
  const url = `${database.url}?options=-c%20lock_timeout%3D1234%20-c%20statement_timeout%3D0`;
  expect(await show(url, 4_000)).toMatchObject({ lock_timeout: 1_234, statement_timeout: 0 });
});

test("a statement that takes too long is ended by the server, and its connection lives on", async () => {
  const slow = openPool({
    url: database.url,
    schema,
    application: "test",
    max: 1,
    queryTimeout: 1_000,
    logger,
  });
  const pid = async () =>
    (await slow.query<{ pid: number }>("select pg_backend_pid() as pid")).rows[0]?.pid;
  const client = await slow.connect();
  const { rows } = await client.query<{ pid: number }>("select pg_backend_pid() as pid");
  const error = await client.query("select pg_sleep(30)").catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: "57014" });
  expect(isUnavailable(error)).toBe(true);
  client.release();
  expect(await pid()).toBe(rows[0]?.pid);
  await slow.end();
});

test("a transaction that was idle for too long fails as one to be tried again", async () => {
  const idle = open(
    `${database.url}?options=-c%20idle_in_transaction_session_timeout%3D200`,
    10_000,
  );
  const error = await transaction(idle, async (client) => {
    const ended = new Promise<void>((resolve) => client.once("error", () => resolve()));
    await client.query("update items set n = 5 where id = 1");
    await ended;
    await client.query("select 1");
  }).catch((thrown: unknown) => thrown);
  expect(isUnavailable(error)).toBe(true);
  expect((await idle.query("select n from items where id = 1")).rows).toEqual([{ n: 0 }]);
  await idle.end();
});

test("a transaction on a connection that went mute fails after one time-out, not two", async () => {
  const through = open(proxy.url, 1_000);
  const client = await through.connect();
  const asked = vi.spyOn(client, "query");
  client.release();
  const error = await transaction(through, async (client) => {
    proxy.mute();
    await client.query("update items set n = 5 where id = 1");
  }).catch((thrown: unknown) => thrown);
  expect(isUnavailable(error)).toBe(true);
  // Nobody waits for the answer to a rollback.
  expect(asked.mock.calls.map(([sql]) => sql)).not.toContain("rollback");
  expect(through.totalCount).toBe(0);
  await through.end();
});

test("long-lived sessions keep what they hold, however long nothing is said", async () => {
  const holder = open(`${database.url}?options=-c%20idle_in_transaction_session_timeout%3D100`);
  const client = await holder.connect();
  await client.query("select pg_advisory_lock(9)");
  await vi.waitFor(async () => {
    const { rows } = await pool.query<{ idle: number }>(
      `select extract(epoch from now() - state_change)::float as idle
       from pg_locks join pg_stat_activity using (pid) where locktype = 'advisory' and objid = 9`,
    );
    expect(rows[0]?.idle).toBeGreaterThan(1);
  }, PATIENCE);
  client.release(true);
  await holder.end();
});

test("a migration steps back from a lock, so that others go on, and comes through in the end", async () => {
  const dir = await mkdtemp(path.join(os.tmpdir(), "amp-migrations-"));
  await writeFile(path.join(dir, "0001_more.sql"), "alter table items add column more int;");
  const reader = await pool.connect();
  await reader.query("begin");
  await reader.query("select from items");
  const retried: string[] = [];
  const telling = pino({ level: "info" }, { write: (line) => void retried.push(line) });
  const migrated = migrate({ url: database.url, schema, dir, logger: telling });
  // Behind the migration that waits nobody can read; each time it steps back they can.
  await vi.waitFor(() => expect(retried.join()).toContain("waits for a lock"), PATIENCE);
  await vi.waitFor(() => pool.query("select from items"), PATIENCE);
  await reader.query("commit");
  reader.release();
  await migrated;
  expect((await pool.query("select more from items")).rows).toEqual([{ more: null }]);
  await rm(dir, { recursive: true });
}, 60_000);

test("a listener whose line goes mute without a word finds out, and listens again", async () => {
  const heard: string[] = [];
  let connections = 0;
  await using listener = listen(
    {
      url: proxy.url,
      schema,
      application: "test",
      queryTimeout: 500,
      probeInterval: 200,
      logger,
    },
    ["news"],
    (_, payload) => heard.push(payload),
    () => connections++,
  );
  await listener.ready;
  await pool.query("notify news, 'before'");
  await vi.waitFor(() => expect(heard).toEqual(["before"]), PATIENCE);
  // Only this line, so that the next one comes through.
  expect(proxy.silence("test")).toBe(1);
  await vi.waitFor(() => expect(connections).toBe(2), PATIENCE);
  await pool.query("notify news, 'after'");
  await vi.waitFor(() => expect(heard).toEqual(["before", "after"]), PATIENCE);
});
