import { fileURLToPath } from "node:url";
import { migrate, openPool } from "@amp/postgres";
import { type Emulate, startEmulate, testDatabase } from "@amp/stack/testing";
import type pg from "pg";
import { pino } from "pino";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { botClient } from "../src/slack/api/client.js";
import type { SlackConfig } from "../src/slack/config.js";
import { type Job, Postponed } from "../src/slack/inbox/job.js";
import { ChannelId, Ts } from "../src/slack/keys.js";
import { Outbox } from "../src/slack/outbox/outbox.js";
import { agentReply } from "../src/slack/text/agent-reply.js";
import { type SlackProxy, slackProxy } from "./slack-proxy.js";

const logger = pino({ level: "silent" });
let emulate: Emulate;
let proxy: SlackProxy;
let pool: pg.Pool;
let outbox: Outbox;
let thread: Ts;
let channel: ChannelId;
const releases: (() => PromiseLike<unknown>)[] = [];

beforeAll(async () => {
  const database = await testDatabase();
  releases.push(() => database[Symbol.asyncDispose]());
  const options = { url: database.url, schema: "amp_gateway", application: "test", logger };
  await migrate({ ...options, dir: fileURLToPath(new URL("../migrations", import.meta.url)) });
  pool = openPool(options);
  releases.push(() => pool.end());
  emulate = await startEmulate();
  releases.push(() => emulate[Symbol.asyncDispose]());
  channel = ChannelId.parse(emulate.channels.general);
});
beforeEach(async () => {
  proxy = await slackProxy(emulate.apiUrl);
  outbox = newOutbox();
  thread = Ts.parse(await emulate.post(channel, "question"));
  return () => proxy[Symbol.asyncDispose]();
});
afterAll(async () => {
  for (const release of releases.reverse()) await release();
});

/** That of a process of its own. */
function newOutbox(): Outbox {
  const config = { botToken: emulate.app.botToken, apiUrl: proxy.apiUrl } as SlackConfig;
  return new Outbox(pool, botClient(config, logger), logger, async () => {});
}

/** A delivery with its replies decided. */
async function decided(...texts: string[]): Promise<Job> {
  const { rows } = await pool.query<{ id: number; request_id: string }>(
    `insert into slack_inbox (dedupe_key, lane, body) values (gen_random_uuid()::text, 'lane', '{}')
     returning id, request_id`,
  );
  const [row] = rows;
  if (!row) throw new Error("no row");
  const signal = new AbortController().signal;
  const idle: Job["idle"] = (wait) => wait();
  const of = { kind: "delivery", content: {}, parsed: true, idle } as const;
  const job = { id: row.id, requestId: row.request_id, lane: "lane", ...of, signal };
  const drafts = texts.flatMap(agentReply).map((message) => ({ channel, thread, message }));
  await outbox.decide(job, async () => drafts);
  return job;
}

/** As a process left it that tried to post so long ago, and is gone. */
async function sending(job: Job, ago: string): Promise<void> {
  await pool.query(
    `update slack_outbox set state = 'sending', in_flight = true, tried_at = now() - $2::interval
     where inbox_id = $1`,
    [job.id, ago],
  );
}

async function posted(): Promise<string[]> {
  const { messages } = await emulate.call("conversations.replies", { channel, ts: thread });
  return (messages as { text: string; ts: string }[])
    .filter(({ ts }) => ts !== thread)
    .map(({ text }) => text);
}

async function states(job: Job): Promise<string[]> {
  const { rows } = await pool.query<{ state: string }>(
    "select state from slack_outbox where inbox_id = $1 order by part",
    [job.id],
  );
  return rows.map(({ state }) => state);
}

test("replies are posted once and in order, however often they are delivered", async () => {
  const job = await decided("one", "two", "three");
  expect(await outbox.deliver(job)).toBe(true);
  expect(await outbox.deliver(job)).toBe(false);
  expect(await posted()).toEqual(["one", "two", "three"]);
});

test("only the first decision counts", async () => {
  const job = await decided("first");
  await outbox.decide(job, async () => [{ channel, thread, message: { text: "second" } }]);
  await outbox.deliver(job);
  expect(await posted()).toEqual(["first"]);
});

test("killed after the row, before the post: posted once", async () => {
  const job = await decided("answer");
  await sending(job, "1 minute");
  await outbox.deliver(job);
  expect(await posted()).toEqual(["answer"]);
});

test("tried by another process, and still on its way to Slack: waited for, not posted again", async () => {
  const job = await decided("answer");
  await sending(job, "12 seconds");
  const delivered = outbox.deliver(job);
  await expect.poll(() => proxy.calls("conversations.replies")).toHaveLength(1);
  const id = await pool.query<{ id: string }>("select id from slack_outbox where inbox_id = $1", [
    job.id,
  ]);
  await emulate.call("chat.postMessage", {
    channel,
    thread_ts: thread,
    text: "answer",
    metadata: JSON.stringify({ event_type: "amp_reply", event_payload: id.rows[0] }),
  });
  await delivered;
  expect(await posted()).toEqual(["answer"]);
  expect(await states(job)).toEqual(["sent"]);
});

test("time that passes between the note of a post and the post: not posted, but left to whoever is next", async () => {
  const job = await decided("answer");
  // As if the process was frozen while the database answered.
  await pool.query(
    `create function stand_still() returns trigger language plpgsql as $$
     begin perform pg_sleep(4.5); return new; end $$;
     create trigger stand_still after update on slack_outbox for each row
       when (new.state = 'sending') execute function stand_still()`,
  );
  const late = await outbox.deliver(job).catch((error: unknown) => error);
  await pool.query("drop function stand_still cascade");
  expect(String(late)).toContain("stood still");
  expect(proxy.calls("chat.postMessage")).toHaveLength(0);
  expect(await states(job)).toEqual(["sending"]);
  await sending(job, "1 minute");
  await newOutbox().deliver(job);
  expect(await posted()).toEqual(["answer"]);
});

test("killed after the post, before the row says so: found, not posted again", async () => {
  const job = await decided("one", "two");
  await outbox.deliver(job);
  await pool.query("update slack_outbox set state = 'sending', ts = null where inbox_id = $1", [
    job.id,
  ]);
  await outbox.deliver(job);
  expect(await posted()).toEqual(["one", "two"]);
  expect(await states(job)).toEqual(["sent", "sent"]);
});

test("an answer of Slack that is lost: found, not posted again", async () => {
  const job = await decided("one", "two");
  proxy.fail("chat.postMessage", "lost");
  await expect(outbox.deliver(job)).rejects.toThrow();
  expect(await states(job)).toEqual(["sending", "new"]);
  await outbox.deliver(job);
  expect(await posted()).toEqual(["one", "two"]);
});

test("Slack in trouble before it posts: posted by the next attempt", async () => {
  for (const fault of ["down", "internal_error"]) {
    const job = await decided(fault);
    proxy.fail("chat.postMessage", fault);
    await expect(outbox.deliver(job)).rejects.toThrow();
    await outbox.deliver(job);
  }
  expect(await posted()).toEqual(["down", "internal_error"]);
});

test("a post whose failure was seen is not on its way: looked for once, whoever tries next", async () => {
  const job = await decided("answer");
  proxy.fail("chat.postMessage", "down");
  await expect(outbox.deliver(job)).rejects.toThrow();
  await newOutbox().deliver(job);
  expect(proxy.calls("conversations.replies")).toHaveLength(1);
  expect(await posted()).toEqual(["answer"]);
});

test("a rate limit postpones the channel, without another call, and nothing is looked up", async () => {
  const job = await decided("one");
  const other = await decided("two");
  proxy.fail("chat.postMessage", "limited");
  const postponed = await outbox.deliver(job).catch((error: unknown) => error);
  expect(postponed).toBeInstanceOf(Postponed);
  expect(postponed).toMatchObject({ pause: 1_000 });
  await expect(outbox.deliver(other)).rejects.toBeInstanceOf(Postponed);
  expect(proxy.calls("chat.postMessage")).toHaveLength(0);
  await expect.poll(() => outbox.deliver(job).catch(() => false), { timeout: 60_000 }).toBe(true);
  await outbox.deliver(other);
  expect(proxy.calls("conversations.replies")).toHaveLength(0);
  expect(await posted()).toEqual(["one", "two"]);
});

test("blocks that Slack refuses: the same as plain text", async () => {
  const job = await decided("**bold** <!channel>");
  proxy.fail("chat.postMessage", "invalid_blocks");
  await outbox.deliver(job);
  expect(proxy.calls("chat.postMessage").map((call) => call.has("blocks"))).toEqual([false]);
  expect(await posted()).toEqual(["**bold** &lt;\u2060!channel&gt;"]);
});

test("what Slack will never take is dropped, and the rest goes on", async () => {
  const job = await decided("one", "two");
  proxy.fail("chat.postMessage", "is_archived");
  await outbox.deliver(job);
  expect(await posted()).toEqual(["two"]);
  expect(await states(job)).toEqual(["refused", "sent"]);
});

test.each(["token_revoked", "invalid_auth"])(
  "%s: kept until the operator lets the app in again",
  async (fault) => {
    const job = await decided("answer");
    proxy.fail("chat.postMessage", fault);
    await expect(outbox.deliver(job)).rejects.toMatchObject({ message: fault, pause: 30_000 });
    expect(await states(job)).toEqual(["new"]);
  },
);

test("an answer that is not Slack's says nothing: it is looked for first", async () => {
  const job = await decided("answer");
  proxy.fail("chat.postMessage", "<html>Bad gateway</html>");
  await expect(outbox.deliver(job)).rejects.not.toBeInstanceOf(Postponed);
  expect(await states(job)).toEqual(["sending"]);
});

test("what cannot be looked up for lack of access is posted, or refused, at once", async () => {
  const job = await decided("answer");
  await sending(job, "1 minute");
  proxy.fail("conversations.replies", "not_in_channel");
  proxy.fail("conversations.replies", "not_in_channel");
  proxy.fail("chat.postMessage", "not_in_channel");
  await outbox.deliver(job);
  expect(await states(job)).toEqual(["refused"]);
});

test("a long answer is several posts, each within Slack's limit", async () => {
  const long = `${"word ".repeat(5_000)}\n\`\`\`\n${"code\n".repeat(3_000)}\`\`\``;
  const job = await decided(long);
  await outbox.deliver(job);
  const calls = proxy.calls("chat.postMessage");
  expect(calls.length).toBeGreaterThan(3);
  for (const call of calls) {
    const [block] = JSON.parse(call.get("blocks") ?? "[]") as { type: string; text: string }[];
    expect(block?.type).toBe("markdown");
    expect(block?.text.length).toBeLessThanOrEqual(11_500);
  }
  expect((await posted()).join("").split("word").length).toBe(5_001);
});
