import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { setImmediate } from "node:timers/promises";
import {
  isUnavailable,
  isUniqueViolation,
  listen,
  migrate,
  openPool,
  transaction,
} from "@amp/postgres";
import { type TestDatabase, tcpProxy, testDatabase } from "@amp/stack/testing";
import { PG_MIGRATE_LOCK_ID } from "node-pg-migrate";
import pg from "pg";
import { pino } from "pino";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

const logger = pino({ level: "silent" });
const schema = "amp_x";
let database: TestDatabase;
let pool: pg.Pool;

beforeEach(async () => {
  database = await testDatabase();
  pool = openPool({ url: database.url, schema, application: "test", logger });
  await pool.query(`create schema ${schema}; create table items (id int primary key)`);
});

afterEach(async () => {
  await pool.end();
  await database[Symbol.asyncDispose]();
});

/** Cuts every connection of the database but our own, as a restart of the server does. */
async function cutConnections(): Promise<void> {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  await client.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()",
  );
  await client.end();
}

test("unqualified names mean the service's schema, beside the options of the URL", async () => {
  const url = `${database.url}?options=-c%20statement_timeout%3D1234`;
  const other = openPool({ url, schema, application: "test", logger });
  const { rows } = await other.query(
    "select current_setting('search_path') as path, current_setting('statement_timeout') as timeout",
  );
  await other.end();
  expect(rows).toEqual([{ path: schema, timeout: "1234ms" }]);
});

test("a pool outlives the loss of its idle connections", async () => {
  await pool.query("select 1");
  await cutConnections();
  await vi.waitFor(async () =>
    expect((await pool.query("select 1 as one")).rows).toEqual([{ one: 1 }]),
  );
});

test("a transaction is committed when its work returns and rolled back when it throws", async () => {
  await transaction(pool, (client) => client.query("insert into items values (1)"));
  const failing = transaction(pool, async (client) => {
    await client.query("insert into items values (2)");
    throw new Error("no");
  });
  await expect(failing).rejects.toThrow("no");
  expect((await pool.query("select id from items")).rows).toEqual([{ id: 1 }]);
});

test("a connection that is lost in a transaction does not go back to the pool", async () => {
  const failing = transaction(pool, async (client) => {
    await cutConnections();
    await client.query("select 1");
  });
  const error = await failing.catch((caught: unknown) => caught);
  expect(isUnavailable(error)).toBe(true);
  expect((await pool.query("select 1 as one")).rows).toEqual([{ one: 1 }]);
});

test("errors tell whether the database could not be asked, or refused", async () => {
  await pool.query("insert into items values (1)");
  const refused = await pool.query("insert into items values (1)").catch((error: unknown) => error);
  expect(isUniqueViolation(refused)).toBe(true);
  expect(isUniqueViolation(refused, "items_pkey")).toBe(true);
  expect(isUniqueViolation(refused, "other")).toBe(false);
  expect(isUnavailable(refused)).toBe(false);

  const url = new URL(database.url);
  url.port = "1";
  const away = openPool({ url: url.toString(), schema, application: "test", logger });
  const unreachable = await away.query("select 1").catch((error: unknown) => error);
  await away.end();
  expect(isUnavailable(unreachable)).toBe(true);
});

test("replicas that start at once migrate once; a file that fails leaves nothing", async () => {
  await using dir = await folder();
  await writeFile(path.join(dir.path, "0001_one.sql"), "create table one (id int);");
  const start = () => migrate({ url: database.url, schema: "amp_y", dir: dir.path, logger });
  await Promise.all(Array.from({ length: 8 }, start));

  await writeFile(path.join(dir.path, "0002_two.sql"), "create table two (id int); select 1/0;");
  await expect(start()).rejects.toThrow("division by zero");

  const tables = "select table_name from information_schema.tables where table_schema = 'amp_y'";
  const { rows } = await pool.query(`${tables} order by 1`);
  expect(rows).toEqual([{ table_name: "migrations" }, { table_name: "one" }]);
});

test("a migration whose connection is lost fails, and nothing else does", async () => {
  await using dir = await folder();
  const holder = await pool.connect();
  await holder.query(`select pg_advisory_lock(${PG_MIGRATE_LOCK_ID})`);
  const failure = migrate({ url: database.url, schema: "amp_y", dir: dir.path, logger }).then(
    () => undefined,
    (error: unknown) => error,
  );
  await vi.waitFor(async () => {
    const { rowCount } = await holder.query(
      "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
    );
    expect(rowCount).toBe(1);
  });
  await holder.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name = 'amp-migrate'",
  );
  expect(isUnavailable(await failure)).toBe(true);
  holder.release(true);
});

test("a listener comes back after its connection is lost, and says so", async () => {
  const heard: string[] = [];
  let connections = 0;
  await using listener = listen(
    { url: database.url, schema, application: "test", logger },
    ["news"],
    (channel, payload) => heard.push(`${channel}: ${payload}`),
    () => connections++,
  );
  await listener.ready;
  await pool.query("notify news, 'first'");
  await vi.waitFor(() => expect(heard).toEqual(["news: first"]));

  await cutConnections();
  await vi.waitFor(() => expect(connections).toBe(2), { timeout: 60_000 });
  await vi.waitFor(() => pool.query("notify news, 'second'"));
  await vi.waitFor(() => expect(heard).toEqual(["news: first", "news: second"]));
});

test("a listener stops at any moment, also while it connects", async () => {
  for (let turns = 0; turns < 60; turns++) {
    const listener = listen(
      { url: database.url, schema, application: "test", logger },
      ["n"],
      noop,
    );
    for (let n = 0; n < turns; n++) await setImmediate();
    await listener[Symbol.asyncDispose]();
  }
});

test("a listener stops also when its server does not say a word any more", async () => {
  await using line = await tcpProxy(database.url);
  const listener = listen({ url: line.url, schema, application: "test", logger }, ["n"], noop);
  await listener.ready;
  line.mute();
  await listener[Symbol.asyncDispose]();
});

function noop(): void {}

async function folder(): Promise<AsyncDisposable & { path: string }> {
  const dir = await mkdtemp(path.join(os.tmpdir(), "amp-migrations-"));
  return { path: dir, [Symbol.asyncDispose]: () => rm(dir, { recursive: true }) };
}
