import { connectSessions } from "@amp/proto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { purgeDead, purgeDone, purgeMappings } from "../src/slack/inbox/purge.js";
import { type GatewayDatabase, gatewayDatabase } from "./gateway-database.js";
import { metric } from "./metric.js";
import { startSlackSystem } from "./slack-system.js";

let database: GatewayDatabase;
beforeAll(async () => {
  database = await gatewayDatabase();
});
afterAll(() => database?.[Symbol.asyncDispose]());

const DAY = 86_400_000;

/** Puts rows that were finished so many days ago. */
async function put(status: string, days: number, ...keys: string[]): Promise<void> {
  await database.pool.query(
    `insert into slack_inbox (dedupe_key, lane, kind, body, status, finished_at)
     select key, 'lane', 'delivery', '{}', $1, now() - make_interval(days => $2) from unnest($3::text[]) key`,
    [status, days, keys],
  );
}

async function keys(): Promise<string[]> {
  const { rows } = await database.pool.query<{ key: string }>(
    "select dedupe_key as key from slack_inbox order by id",
  );
  return rows.map(({ key }) => key);
}

async function all(batch: () => Promise<number>): Promise<number[]> {
  const sizes: number[] = [];
  for (let size = await batch(); size > 0; size = await batch()) sizes.push(size);
  return sizes;
}

test("what is done goes in batches, what waits or may be needed stays", async () => {
  const { pool } = database;
  await put("done", 4, ...Array.from({ length: 1_100 }, (_, n) => `old ${n}`));
  await put("done", 2, "young");
  await put("waiting", 40, "waiting");
  await put("dead", 29, "dead");
  await put("dead", 31, "long dead");
  await put("done", 5, "question:s:open:ask", "question:s:shown:ask", "question:s:being shown:ask");
  await put("done", 26, "question:s:forgotten:ask");
  await put("done", 2, "question:s:shown:settle");
  await put("waiting", 0, "question:s:being shown:settle");
  await put("done", 5, "for a button");
  const { rows } = await pool.query<{ id: number }>(
    `insert into slack_mappings (team_id, channel_id, created_by, inbox_id, state, ended_at)
     values ('T', 'C', 'U', 1, 'ended', now() - interval '5 days') returning id`,
  );
  await pool.query("update slack_inbox set mapping_id = $1 where dedupe_key = 'for a button'", [
    rows[0]?.id,
  ]);
  expect(await all(() => purgeDone(pool, 3 * DAY))).toEqual([500, 500, 102]);
  expect(await all(() => purgeDead(pool, 30 * DAY))).toEqual([1]);
  expect(await all(() => purgeMappings(pool, 90 * DAY))).toEqual([]);
  expect(await keys()).toEqual([
    "young",
    "waiting",
    "dead",
    "question:s:open:ask",
    "question:s:being shown:ask",
    "question:s:shown:settle",
    "question:s:being shown:settle",
    "for a button",
  ]);
  expect(await all(() => purgeMappings(pool, 4 * DAY))).toEqual([1]);
  expect(await all(() => purgeDone(pool, 3 * DAY))).toEqual([1]);
  expect(await keys()).not.toContain("for a button");
});

test("a gateway that finds another at it deletes nothing, and waits for nothing", async () => {
  const { pool } = database;
  await put("done", 10, "gated");
  const other = await pool.connect();
  await other.query("begin");
  await other.query("select pg_advisory_xact_lock(hashtextextended('amp_gateway.slack_purge', 0))");
  expect(await purgeDone(pool, 3 * DAY)).toBe(0);
  await other.query("commit");
  other.release();
  expect(await purgeDone(pool, 3 * DAY)).toBe(1);
});

test("a running gateway forgets by its settings, and takes back what nothing uses", async () => {
  await using system = await startSlackSystem({
    SLACK_INBOX_RETENTION: "1s",
    SLACK_DEAD_LETTER_RETENTION: "1s",
    SESSION_RETENTION: "2s",
  });
  const { pool } = system;
  const thread = await system.begin("tea");
  await system.ask("hello", thread);
  await pool.query(
    `insert into slack_inbox (dedupe_key, lane, body, status, finished_at)
     values ('dead', 'x', '{}', 'dead', now())`,
  );
  const left = async (table: string, where = "true") =>
    (await pool.query(`select from ${table} where ${where}`)).rowCount;
  await expect.poll(() => left("slack_inbox")).toBe(0);
  expect(await left("slack_outbox")).toBe(0);
  expect(await metric(system.gateway.url, "amp_slack_inbox_dead")).toBe(0);
  // The conversation goes on.
  expect(await left("slack_mappings", "state = 'active'")).toBe(1);
  await system.ask("hello again", thread);

  // Left behind by deliveries that were given up while the database or the backend was away.
  await pool.query(
    "insert into slack_mappings (team_id, channel_id, created_by, inbox_id) values ('T', 'C', 'U', -1)",
  );
  const requestId = "6b6ff5a8-6b0c-4c3e-9d0c-2b9a5b6a9e10";
  const backend = connectSessions(system.backend.address);
  const request = { requestId, description: "nobody's", workingDir: "" };
  const { session } = await backend.create(request);
  await pool.query("insert into slack_orphans (request_id, request) values ($1, $2)", [
    requestId,
    JSON.stringify(request),
  ]);
  await expect.poll(() => left("slack_orphans"), { timeout: 60_000 }).toBe(0);
  expect(await left("slack_mappings", "state = 'reserved'")).toBe(0);
  const ended = await backend.get({ sessionId: session?.sessionId ?? "" });
  expect(ended.session).toMatchObject({ endReason: "found no place in Slack" });
  backend.close();
}, 180_000);
