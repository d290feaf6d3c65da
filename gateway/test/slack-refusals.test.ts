import { fileURLToPath } from "node:url";
import { migrate, openPool } from "@amp/postgres";
import { type Emulate, startEmulate, testDatabase } from "@amp/stack/testing";
import type pg from "pg";
import { pino } from "pino";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { botClient } from "../src/slack/api/client.js";
import type { SlackConfig } from "../src/slack/config.js";
import type { Job } from "../src/slack/inbox/job.js";
import { ChannelId, Ts, UserId } from "../src/slack/keys.js";
import { Outbox } from "../src/slack/outbox/outbox.js";
import { agentReply } from "../src/slack/text/agent-reply.js";
import { blocks, header, type SlackText, section } from "../src/slack/text/message.js";
import { type SlackProxy, slackProxy } from "./slack-proxy.js";

const logger = pino({ level: "silent" });
let emulate: Emulate;
let proxy: SlackProxy;
let pool: pg.Pool;
let outbox: Outbox;
let thread: Ts;
let channel: ChannelId;
let author: UserId;
let refused: string[];
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
  author = UserId.parse(emulate.user);
});
beforeEach(async () => {
  proxy = await slackProxy(emulate.apiUrl);
  const config = { botToken: emulate.app.botToken, apiUrl: proxy.apiUrl } as SlackConfig;
  refused = [];
  const watcher = {
    refused: (code: string, followed: string) => void refused.push(`${code}: ${followed}`),
  };
  const client = botClient(config, logger);
  outbox = new Outbox(pool, client, logger, async () => {}, undefined, watcher);
  thread = Ts.parse(await emulate.post(channel, "question"));
  return () => proxy[Symbol.asyncDispose]();
});
afterAll(async () => {
  for (const release of releases.reverse()) await release();
});

/** A delivery with its replies decided. */
async function decided(...messages: SlackText[]): Promise<Job> {
  const { rows } = await pool.query<{ id: number; request_id: string }>(
    `insert into slack_inbox (dedupe_key, lane, body) values (gen_random_uuid()::text, 'lane', '{}')
     returning id, request_id`,
  );
  const [row] = rows;
  if (!row) throw new Error("no row");
  const signal = new AbortController().signal;
  const of = { kind: "delivery", content: {}, parsed: true, body: {} } as const;
  const idle: Job["idle"] = (wait) => wait();
  const job = { idle, id: row.id, requestId: row.request_id, lane: "lane", ...of, signal };
  await outbox.decide(job, async () => messages.map((message) => ({ channel, thread, message })));
  return job;
}

const answer = (text: string) => agentReply(text);

async function states(job: Job): Promise<string[]> {
  const { rows } = await pool.query<{ state: string }>(
    "select state from slack_outbox where inbox_id = $1 order by part",
    [job.id],
  );
  return rows.map(({ state }) => state);
}

const posts = () => proxy.calls("chat.postMessage");
const posted = () => posts().map((call) => call.get("text") ?? "");
const told = () => proxy.calls("chat.postEphemeral");

test.each(["msg_too_long", "msg_blocks_too_long"])(
  "%s: the whole answer in smaller posts, in order",
  async (code) => {
    const words = Array.from({ length: 2_000 }, (_, index) => `word${index}`).join(" ");
    const job = await decided(...answer(words), ...answer("then"));
    const first = (await states(job)).length - 1;
    for (let time = 0; time < 3; time += 1) proxy.fail("chat.postMessage", code);
    await outbox.deliver(job, author);
    const said = posted().join(" ").split(/\s+/);
    expect(said.join(" ") === `${words} then`).toBe(true);
    expect(posts().length).toBeGreaterThan(first + 2);
    expect(new Set(await states(job))).toEqual(new Set(["sent"]));
    expect(refused).toEqual(Array(3).fill(`${code}: smaller`));
    expect(await outbox.outcome(job)).toBe("shown");
    expect(told()).toEqual([]);
  },
);

test.each([
  "invalid_blocks",
  "invalid_blocks_format",
  "no_text",
  "invalid_arguments",
  "an_error_of_tomorrow",
])("%s: all that the blocks say, as text", async (code) => {
  const card = blocks(
    "Amplifier",
    header("Amplifier <Sessions>"),
    section("*one* &lt;a&gt;"),
    section("two"),
  );
  const job = await decided(...answer("**bold** <b>"), card);
  proxy.fail("chat.postMessage", code, 1);
  await outbox.deliver(job, author);
  expect(posts()[0]?.has("blocks")).toBe(false);
  expect(posted()[0]).toBe("**bold** &lt;b&gt;");
  const other = await decided(card);
  proxy.fail("chat.postMessage", code, 1);
  await outbox.deliver(other, author);
  expect(posted().at(-1)).toBe("*Amplifier &lt;Sessions&gt;*\n*one* &lt;a&gt;\ntwo");
  expect(posts().at(-1)?.has("blocks")).toBe(false);
  expect(await outbox.outcome(other)).toBe("shown");
});

test.each(["metadata_too_large", "invalid_metadata_format"])(
  "%s: without the mark",
  async (code) => {
    const job = await decided(...answer("hello"));
    proxy.fail("chat.postMessage", code);
    await outbox.deliver(job, author);
    expect(posts().map((call) => call.has("metadata"))).toEqual([false]);
    // Found by its words when its answer is lost.
    await pool.query(
      "update slack_outbox set state = 'sending', tried_at = now() - interval '2 s' where inbox_id = $1",
      [job.id],
    );
    await outbox.deliver(job, author);
    expect(posts()).toHaveLength(1);
    expect(await states(job)).toEqual(["sent"]);
  },
);

test.each([
  "thread_not_found",
  "cannot_reply_to_message",
  "is_archived",
  "channel_not_found",
  "not_in_channel",
  "restricted_action",
  "restricted_action_thread_locked",
  "restricted_action_read_only_channel",
  "restricted_action_of_tomorrow",
])("%s: the answer goes to its author", async (code) => {
  const job = await decided(...answer("one"), ...answer("two"));
  proxy.fail("chat.postMessage", code);
  await outbox.deliver(job, author);
  expect(posted()).toEqual([expect.stringContaining(`<#${channel}> (\`${code}\`)`), "one", "two"]);
  for (const call of posts()) {
    expect(call.get("channel")).toBe(author);
    expect(call.has("thread_ts")).toBe(false);
  }
  expect(new Set(await states(job))).toEqual(new Set(["sent"]));
  expect(await outbox.outcome(job)).toBe("failed");
});

test.each([
  "message_limit_exceeded",
  "ekm_access_denied",
  "team_access_not_granted",
  "access_denied",
])("%s: kept, and tried again", async (code) => {
  const job = await decided(...answer("hello"));
  proxy.fail("chat.postMessage", code);
  await expect(outbox.deliver(job, author)).rejects.toMatchObject({ message: code });
  expect(await states(job)).toEqual(["new"]);
  expect(told()).toEqual([]);
});

test.each(["user_not_found", "slack_connect_lists_sharing_blocked", "invalid_charset"])(
  "%s: given up, its author told, the rest goes on",
  async (code) => {
    const job = await decided(...answer("one"), ...answer("two"));
    proxy.fail("chat.postMessage", code);
    await outbox.deliver(job, author);
    expect(posted()).toEqual(["two"]);
    expect(await states(job)).toEqual(["refused", "sent"]);
    expect(
      told().map((call) => [call.get("channel"), call.get("user"), call.get("thread_ts")]),
    ).toEqual([[channel, author, thread]]);
    expect(told()[0]?.get("text")).toContain(`\`${code}\``);
    expect(refused).toEqual([`${code}: told`]);
    expect(await outbox.outcome(job)).toBe("failed");
  },
);
