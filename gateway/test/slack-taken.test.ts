import { openPool } from "@amp/postgres";
import type pg from "pg";
import { pino } from "pino";
import { expect, test, vi } from "vitest";
import { type Handler, NotForUs, Postponed } from "../src/slack/inbox/job.js";
import { LOCK_CLASS } from "../src/slack/inbox/lanes.js";
import { enqueue } from "../src/slack/inbox/store.js";
import { InboxWorker } from "../src/slack/inbox/worker.js";
import { type GatewayDatabase, gatewayDatabase } from "./gateway-database.js";

const logger = pino({ level: "silent" });

function start(
  { pool, options }: GatewayDatabase,
  handler: Partial<Handler>,
  maxAttempts = 15,
): Promise<InboxWorker> {
  return InboxWorker.start({
    pool,
    database: options,
    logger,
    handler: { work: async () => {}, giveUp: async () => {}, ...handler },
    firstPause: 50,
    maxAttempts,
  });
}

async function put({ pool }: GatewayDatabase, text: string): Promise<void> {
  await enqueue(pool, { lane: "lane", dedupeKey: text, kind: "delivery", content: text });
}

async function statuses(pool: pg.Pool): Promise<string[]> {
  const { rows } = await pool.query<{ status: string }>(
    "select status from slack_inbox order by id",
  );
  return rows.map(({ status }) => status);
}

/** A worker that lives and took the lane, as if the one that had it was frozen; it ends when it is disposed. */
async function taker({ options }: GatewayDatabase): Promise<AsyncDisposable> {
  const pool = openPool({ ...options, max: 1 });
  const { rows } = await pool.query<{ worker: number }>(
    "select nextval('slack_workers')::integer as worker",
  );
  const worker = rows[0]?.worker;
  await pool.query("select pg_advisory_lock($1, $2)", [LOCK_CLASS, worker]);
  await pool.query("insert into slack_worker_leases values ($1, 'infinity')", [worker]);
  await pool.query("update slack_lanes set owner = $1", [worker]);
  return { [Symbol.asyncDispose]: () => pool.end() };
}

const ENDS: [string, number, () => Promise<void>][] = [
  ["did its work", 15, async () => {}],
  ["failed", 15, () => Promise.reject(new Error("late"))],
  ["failed for the last time", 1, () => Promise.reject(new Error("late"))],
  ["found it to be nothing for it", 15, () => Promise.reject(new NotForUs())],
  ["wants to wait", 15, () => Promise.reject(new Postponed(0, "late"))],
];

test.each(ENDS)(
  "a worker that %s after others took the lane ends and notes nothing",
  async (_, maxAttempts, end) => {
    await using database = await gatewayDatabase();
    const { pool } = database;
    let goOn: (() => void) | undefined;
    let attempts = 0;
    const giveUp = vi.fn();
    const work = async () => {
      attempts += 1;
      await new Promise<void>((resolve) => {
        goOn = resolve;
      });
      await end();
    };
    const frozen = await start(database, { work, giveUp }, maxAttempts);
    await put(database, "text");
    await put(database, "next");
    await expect.poll(() => attempts).toBe(1);
    const other = await taker(database);
    goOn?.();
    await frozen[Symbol.asyncDispose]();
    const { rows } = await pool.query("select status, attempts, last_error from slack_inbox");
    const untouched = { status: "waiting", attempts: 0, last_error: null };
    expect(rows).toEqual([untouched, untouched]);
    expect(attempts).toBe(1);
    expect(giveUp).not.toHaveBeenCalled();

    // The next one to have it does all of it.
    await other[Symbol.asyncDispose]();
    const seen: unknown[] = [];
    await using _next = await start(database, {
      work: async ({ content }) => void seen.push(content),
    });
    await expect.poll(() => statuses(pool), { timeout: 10_000 }).toEqual(["done", "done"]);
    expect(seen).toEqual(["text", "next"]);
  },
);

test("a row is not done while a reply to it is still to be sent, whoever decided it", async () => {
  await using database = await gatewayDatabase();
  const { pool } = database;
  const worked: unknown[] = [];
  const work: Handler["work"] = async ({ id, content }) => {
    worked.push(content);
    // Another worker decided it, while this one found nothing to say.
    if (worked.length === 1) {
      await pool.query(
        "insert into slack_outbox (inbox_id, part, channel_id, message) values ($1, 0, 'C1', '{}')",
        [id],
      );
    }
    if (worked.length === 2) await pool.query("update slack_outbox set state = 'sending'");
    if (worked.length === 3) await pool.query("update slack_outbox set state = 'sent'");
  };
  await using _worker = await start(database, { work });
  await put(database, "text");
  await put(database, "next");
  await expect.poll(() => statuses(pool), { timeout: 10_000 }).toEqual(["done", "done"]);
  expect(worked).toEqual(["text", "text", "text", "next"]);
});

test("a decision that is made while the row is being ended keeps it", async () => {
  await using database = await gatewayDatabase();
  const { pool } = database;
  const late = await pool.connect();
  let attempts = 0;
  const work: Handler["work"] = async ({ id }) => {
    attempts += 1;
    if (attempts > 1) return void (await pool.query("update slack_outbox set state = 'sent'"));
    await late.query("begin");
    await late.query("select from slack_inbox where id = $1 for update", [id]);
  };
  await using _worker = await start(database, { work });
  await put(database, "text");
  const waiting =
    "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like '%slack_inbox%'";
  await expect.poll(async () => (await pool.query(waiting)).rowCount).toBe(1);
  await late.query(
    `insert into slack_outbox (inbox_id, part, channel_id, message)
     select id, 0, 'C1', '{}' from slack_inbox`,
  );
  await late.query("commit");
  late.release();
  await expect.poll(() => statuses(pool), { timeout: 10_000 }).toEqual(["done"]);
  const { rows } = await pool.query("select state from slack_outbox");
  expect(rows).toEqual([{ state: "sent" }]);
  expect(attempts).toBe(2);
});
