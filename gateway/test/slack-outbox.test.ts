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

/** Makes the last try of the replies so much older. */
async function pass(job: Job, time: string): Promise<void> {
  await pool.query(
    "update slack_outbox set tried_at = tried_at - $2::interval where inbox_id = $1",
    [job.id, time],
  );
}

/** What Slack was asked to post it does only now. */
async function shows(call: URLSearchParams | undefined): Promise<void> {
  await emulate.call("chat.postMessage", Object.fromEntries(call ?? []));
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
  // Nobody saw how it ended: it was sent up to 4 s later, and given up 10 s after that.
  for (const [ago, pause] of [
    ["0 s", 2_000],
    ["3 s", 5_000],
    ["12 s", 10_000],
    ["21 s", 1_000],
  ] as const) {
    await sending(job, ago);
    const waits = await newOutbox()
      .deliver(job)
      .catch((error: unknown) => error);
    expect(waits).toBeInstanceOf(Postponed);
    expect(Math.abs((waits as Postponed).pause - pause)).toBeLessThan(900);
  }
  const { rows } = await pool.query<{ id: string }>(
    "select id from slack_outbox where inbox_id = $1",
    [job.id],
  );
  const metadata = JSON.stringify({ event_type: "amp_reply", event_payload: rows[0] });
  await emulate.call("chat.postMessage", { channel, thread_ts: thread, text: "answer", metadata });
  await outbox.deliver(job);
  expect(proxy.calls("chat.postMessage")).toEqual([]);
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
  await pass(job, "2 s");
  await outbox.deliver(job);
  expect(await posted()).toEqual(["one", "two"]);
  expect(await states(job)).toEqual(["sent", "sent"]);
});

test("an answer of Slack that is lost: found, not posted again", async () => {
  const job = await decided("one", "two");
  proxy.fail("chat.postMessage", "lost");
  await expect(outbox.deliver(job)).rejects.toThrow();
  expect(await states(job)).toEqual(["sending", "new"]);
  await pass(job, "2 s");
  await outbox.deliver(job);
  expect(await posted()).toEqual(["one", "two"]);
});

test.each(["1 s", "3 s", "7.5 s"])(
  "a post whose answer is lost and that shows %s later: found, not posted again",
  async (time) => {
    const job = await decided("one", "two");
    const other = await decided("in another conversation");
    // Slack took it, and neither says so nor shows it.
    proxy.stand("chat.postMessage", (args) =>
      args.get("text") === "one" ? { ok: true } : undefined,
    );
    await expect(outbox.deliver(job)).rejects.toThrow();
    expect(await states(job)).toEqual(["sending", "new"]);
    for (const step of [time, "0 s"]) {
      await pass(job, step);
      await expect(newOutbox().deliver(job)).rejects.toBeInstanceOf(Postponed);
    }
    // What waits is in its order, and holds up nothing else.
    await outbox.deliver(other);
    await shows(proxy.calls("chat.postMessage")[0]);
    await pass(job, "8 s");
    await newOutbox().deliver(job);
    expect(await posted()).toEqual(["in another conversation", "one", "two"]);
    expect(proxy.calls("chat.postMessage").map((call) => call.get("text"))).toEqual([
      "one",
      "in another conversation",
      "two",
    ]);
  },
);

test("Slack in trouble before it posts: posted by an attempt 8 s later", async () => {
  for (const fault of ["down", "internal_error"]) {
    const job = await decided(fault);
    proxy.fail("chat.postMessage", fault);
    await expect(outbox.deliver(job)).rejects.toThrow();
    await pass(job, "7.9 s");
    await expect(newOutbox().deliver(job)).rejects.toBeInstanceOf(Postponed);
    await pass(job, "100 ms");
    await newOutbox().deliver(job);
  }
  expect(await posted()).toEqual(["down", "internal_error"]);
});

test("the time counts from the end of the try, and from that of the last", async () => {
  const job = await decided("answer");
  const release = proxy.hold("chat.postMessage");
  proxy.fail("chat.postMessage", "lost");
  const tried = outbox.deliver(job).catch((error: unknown) => error);
  await expect.poll(() => proxy.calls("chat.postMessage")).toHaveLength(1);
  await pool.query("select pg_sleep(1.5)");
  release();
  await tried;
  const waits = await newOutbox()
    .deliver(job)
    .catch((error: unknown) => error);
  expect(waits).toBeInstanceOf(Postponed);
  expect((waits as Postponed).pause).toBeGreaterThan(1_000);
  await pass(job, "8 s");
  await newOutbox().deliver(job);
  expect(await posted()).toEqual(["answer"]);
});

test("a post that never left is not looked for", async () => {
  const job = await decided("answer");
  const { apiUrl } = proxy;
  await proxy[Symbol.asyncDispose]();
  await expect(outbox.deliver(job)).rejects.toThrow();
  expect(await states(job)).toEqual(["new"]);
  proxy = await slackProxy(emulate.apiUrl);
  expect(proxy.apiUrl).not.toBe(apiUrl);
  await newOutbox().deliver(job);
  expect(proxy.calls("conversations.replies")).toEqual([]);
  expect(await posted()).toEqual(["answer"]);
});

test("of two processes that hold one reply only one posts it", async () => {
  const job = await decided("one", "two");
  // Frozen with what it read in its hands, until the other one posted it all.
  await pool.query(`create function stand_still() returns trigger language plpgsql as $$
    begin perform pg_advisory_xact_lock(4712); return null; end $$;
    create trigger stand_still before update on slack_outbox for each statement
      execute function stand_still()`);
  const holder = await pool.connect();
  await holder.query("select pg_advisory_lock(4712)");
  const [first, second] = [outbox, newOutbox()].map((each) =>
    each.deliver(job).catch((error: unknown) => error),
  );
  await expect
    .poll(async () => {
      const { rowCount } = await holder.query(
        "select from pg_locks where locktype = 'advisory' and objid = 4712 and not granted",
      );
      return rowCount;
    })
    .toBe(2);
  await holder.query("select pg_advisory_unlock(4712)");
  const ends = await Promise.all([first, second]);
  await pool.query("drop function stand_still cascade");
  holder.release();
  expect(ends.filter((end) => end === true)).toHaveLength(1);
  expect(ends.map(String)).toContain("Error: The reply is in other hands.");
  expect(await posted()).toEqual(["one", "two"]);
});

test.each(["fatal_error", "msg_too_long", "is_archived", "ratelimited", "invalid_blocks"])(
  "a late end of a try (%s) changes nothing of the next",
  async (error) => {
    const job = await decided("answer");
    const release = proxy.hold("chat.postMessage");
    proxy.stand("chat.postMessage", () => ({ ok: false, error }));
    const late = outbox.deliver(job).catch((error: unknown) => error);
    await expect.poll(() => proxy.calls("chat.postMessage")).toHaveLength(1);
    // Another one took over, waited, looked and tries itself.
    await sending(job, "0 s");
    const before = await pool.query("select * from slack_outbox where inbox_id = $1", [job.id]);
    release();
    expect(await late).toBeInstanceOf(Error);
    const after = await pool.query("select * from slack_outbox where inbox_id = $1", [job.id]);
    expect(after.rows).toEqual(before.rows);
  },
);

test("a direct message to its author whose answer is lost: found there, not posted again", async () => {
  const job = await decided("answer");
  await pool.query(
    "update slack_outbox set channel_id = $2, thread_ts = null where inbox_id = $1",
    [job.id, emulate.user],
  );
  let sent: URLSearchParams | undefined;
  proxy.stand("chat.postMessage", (args) => {
    sent = args;
    return { ok: true };
  });
  proxy.stand("conversations.list", (args) =>
    args.get("cursor") === "next"
      ? { ok: true, channels: [{ id: "D0OURS", user: emulate.user }] }
      : {
          ok: true,
          channels: [{ id: "D0OTHER", user: "U0OTHER" }],
          response_metadata: { next_cursor: "next" },
        },
  );
  proxy.stand("conversations.history", (args) =>
    args.get("channel") === "D0OURS"
      ? {
          ok: true,
          messages: [{ ts: "1.000001", metadata: JSON.parse(sent?.get("metadata") ?? "{}") }],
        }
      : { ok: false, error: "channel_not_found" },
  );
  await expect(outbox.deliver(job)).rejects.toThrow();
  await pass(job, "2 s");
  await newOutbox().deliver(job);
  expect(proxy.calls("chat.postMessage")).toHaveLength(1);
  expect(await states(job)).toEqual(["sent"]);
});

test("an app that may not list its direct messages posts one again, rather than never", async () => {
  const job = await decided("answer");
  await pool.query(
    "update slack_outbox set channel_id = $2, thread_ts = null where inbox_id = $1",
    [job.id, emulate.user],
  );
  await sending(job, "1 minute");
  proxy.fail("conversations.list", "missing_scope");
  await outbox.deliver(job);
  expect(proxy.calls("chat.postMessage")).toHaveLength(1);
  expect(await states(job)).toEqual(["sent"]);
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
