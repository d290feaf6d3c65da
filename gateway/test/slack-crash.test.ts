import { openPool } from "@amp/postgres";
import { connectSessions } from "@amp/proto";
import { type Emulate, freePort, startEmulate, testDatabase } from "@amp/stack/testing";
import type pg from "pg";
import { pino } from "pino";
import { expect, test, vi } from "vitest";
import { parseConfig, startGateway } from "../src/index.js";
import { deliver } from "./slack-deliver.js";
import { gatewayProcess } from "./slack-process.js";
import { type SlackProxy, slackProxy } from "./slack-proxy.js";
import { startSystem } from "./web-system.js";

/** A Slack that keeps metadata, and a system whose Slack gateways a test starts itself. */
interface Setting extends AsyncDisposable {
  slack: Emulate;
  proxy: SlackProxy;
  /** The backend's address. */
  backend: string;
  /** In the gateways' schema. */
  pool: pg.Pool;
  env: Record<string, string>;
  mention(words: string): Promise<string>;
  say(thread: string, text: string): Promise<void>;
  /** Gives the slash command in the channel. */
  slash(text: string): Promise<Response>;
  /** The app's messages: of a thread without the one that its session began with, or of the channel itself. */
  said(thread?: string): Promise<string[]>;
  begin(): Promise<string>;
}

async function setting(): Promise<Setting> {
  const database = await testDatabase();
  const port = await freePort();
  const slack = await startEmulate({ requestUrl: `http://127.0.0.1:${port}/slack/events` });
  const proxy = await slackProxy(slack.apiUrl);
  const system = await startSystem({ DATABASE_URL: database.url });
  const schema = { schema: "amp_gateway", application: "test", logger: pino({ level: "silent" }) };
  const pool = openPool({ url: database.url, ...schema });
  const channel = slack.channels.general;
  const env = {
    DATABASE_URL: database.url,
    BACKEND_URL: system.backend.address,
    GATEWAY_LISTEN: `127.0.0.1:${port}`,
    SLACK_API_URL: proxy.apiUrl,
    SLACK_BOT_TOKEN: slack.app.botToken,
    SLACK_SIGNING_SECRET: slack.app.signingSecret,
  };
  async function messages(thread?: string) {
    const found = await (thread === undefined
      ? slack.call("conversations.history", { channel })
      : slack.call("conversations.replies", { channel, ts: thread }));
    return (found["messages"] as { ts: string; text: string; user: string }[])
      .filter(({ ts, user }) => user === slack.app.botUserId && ts !== thread)
      .sort((one, other) => Number(one.ts) - Number(other.ts));
  }
  const said = async (thread?: string) => {
    const texts = (await messages(thread)).map(({ text }) => text);
    return thread === undefined ? texts : texts.filter((text) => !STARTED.test(text));
  };
  const slash = (text: string) => {
    const command = new URLSearchParams({
      command: "/amp",
      text,
      team_id: slack.app.teamId,
      channel_id: channel,
      user_id: slack.user,
      trigger_id: text,
    });
    const url = `http://127.0.0.1:${port}/slack/events`;
    return deliver(url, command.toString(), {}, slack.app.signingSecret);
  };
  const mention = (words: string) => slack.post(channel, `<@${slack.app.botUserId}> ${words}`);
  return {
    slack,
    proxy,
    backend: system.backend.address,
    pool,
    env,
    mention,
    slash,
    said,
    async say(thread, text) {
      await slack.post(channel, text, thread);
    },
    async begin() {
      const thread = await mention("new");
      return vi.waitFor(async () => {
        if ((await messages(thread)).length === 0) throw new Error("no session began");
        return thread;
      }, LONG);
    },
    async [Symbol.asyncDispose]() {
      await pool.end();
      await system[Symbol.asyncDispose]();
      await proxy[Symbol.asyncDispose]();
      await slack[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
    },
  };
}

const STARTED = /^Started new session/;
const LONG = { timeout: 60_000 };

async function idle({ pool }: Setting): Promise<void> {
  await vi.waitFor(async () => {
    const { rows } = await pool.query("select from slack_inbox where status = 'waiting'");
    expect(rows).toEqual([]);
  }, LONG);
}

test("killed between acknowledgement and reply: answered once after the restart", async () => {
  await using world = await setting();
  const first = await gatewayProcess(world.env);
  const thread = await world.begin();
  await world.say(thread, "slow 2 first");
  await world.say(thread, "second");
  const backend = connectSessions(world.backend);
  await vi.waitFor(async () => {
    expect((await backend.list({})).sessions).toMatchObject([{ openTurns: 1 }]);
  }, LONG);
  backend.close();
  await first.kill();

  await using _second = await gatewayProcess(world.env);
  await vi.waitFor(async () => expect(await world.said(thread)).toHaveLength(2), LONG);
  await idle(world);
  expect(await world.said(thread)).toEqual([
    expect.stringContaining("first"),
    expect.stringContaining("second"),
  ]);
});

test("killed between a post and the note of it: not posted again", async () => {
  await using world = await setting();
  const first = await gatewayProcess(world.env);
  const thread = await world.begin();
  await idle(world);
  const release = world.proxy.hold("chat.postMessage");
  await world.say(thread, "hello");
  await vi.waitFor(async () => expect(await world.said(thread)).toHaveLength(1), LONG);
  await first.kill();
  release();

  await using _second = await gatewayProcess(world.env);
  await idle(world);
  expect(await world.said(thread)).toEqual([expect.stringContaining("hello")]);
});

test("killed between the post of a question and the note of it: asked once, and its buttons answer", async () => {
  await using world = await setting();
  const first = await gatewayProcess(world.env);
  const thread = await world.begin();
  await idle(world);
  const release = world.proxy.hold("chat.postMessage");
  await world.say(thread, "approve it");
  const asked = expect.stringMatching(/^The agent asks/);
  await vi.waitFor(async () => expect(await world.said(thread)).toEqual([asked]), LONG);
  await first.kill();
  release();

  await using _second = await gatewayProcess(world.env);
  const [posted] = world.proxy.calls("chat.postMessage").slice(-1);
  const blocks = JSON.parse(posted?.get("blocks") ?? "[]") as { elements?: { value: string }[] }[];
  const value = blocks.find(({ elements }) => elements?.[0]?.value)?.elements?.[0]?.value;
  const question = await vi.waitFor(async () => {
    const { rows } = await world.pool.query<{ ts: string }>(
      "select ts from slack_outbox where message->>'text' like 'The agent asks%' and state = 'sent'",
    );
    if (!rows[0]) throw new Error("the post was not found");
    return rows[0].ts;
  }, LONG);
  const { app, channels, user } = world.slack;
  const click = {
    type: "block_actions",
    team: { id: app.teamId },
    user: { id: user },
    channel: { id: channels.general },
    message: { ts: question, thread_ts: thread },
    actions: [{ action_id: "answer_question_0", value }],
    trigger_id: "1.2.3",
  };
  const form = new URLSearchParams({ payload: JSON.stringify(click) }).toString();
  const url = `http://${world.env["GATEWAY_LISTEN"]}/slack/events`;
  expect((await deliver(url, form, {}, app.signingSecret)).status).toBe(200);
  const answer = expect.stringContaining("Your answer was: Allow.");
  await vi.waitFor(async () => expect(await world.said(thread)).toEqual([asked, answer]), LONG);
  await idle(world);
  expect(world.proxy.calls("chat.update").map((call) => call.get("ts"))).toEqual([question]);
});

test("killed while a session's first message is posted: one session, mapped to its thread", async () => {
  await using world = await setting();
  const first = await gatewayProcess(world.env);
  const release = world.proxy.hold("chat.postMessage");
  await world.slash("new tea");
  await vi.waitFor(async () => expect(await world.said()).toHaveLength(1), LONG);
  await first.kill();
  release();
  const before = await world.pool.query("select state, thread_ts from slack_mappings");
  expect(before.rows).toEqual([{ state: "reserved", thread_ts: null }]);

  await using _second = await gatewayProcess(world.env);
  await idle(world);
  expect(await world.said()).toHaveLength(1);
  const backend = connectSessions(world.backend);
  const { sessions } = await backend.list({});
  backend.close();
  const { rows } = await world.pool.query(
    "select state, session_id, thread_ts is not null as threaded from slack_mappings",
  );
  expect(rows).toEqual([{ state: "active", session_id: sessions[0]?.sessionId, threaded: true }]);
  expect(sessions).toHaveLength(1);
});

test("killed in the first turn of a session that a mention began: one session, one turn, one answer", async () => {
  await using world = await setting();
  const first = await gatewayProcess(world.env);
  const thread = await world.mention("slow 2 what is oolong?");
  const backend = connectSessions(world.backend);
  await vi.waitFor(async () => {
    expect((await backend.list({})).sessions).toMatchObject([{ openTurns: 1 }]);
  }, LONG);
  await first.kill();

  await using _second = await gatewayProcess(world.env);
  await vi.waitFor(async () => expect(await world.said(thread)).toHaveLength(1), LONG);
  await idle(world);
  expect(await world.said(thread)).toEqual([expect.stringContaining("what is oolong?")]);
  const { sessions } = await backend.list({});
  const [session] = sessions;
  const { turns } = await backend.listTurns({ sessionId: session?.sessionId ?? "" });
  backend.close();
  expect([sessions.length, turns.length]).toEqual([1, 1]);
  const { rows } = await world.pool.query(
    "select state, session_id, thread_ts from slack_mappings",
  );
  expect(rows).toEqual([{ state: "active", session_id: session?.sessionId, thread_ts: thread }]);
});

test("killed between the steps of a beginning by a mention: the next attempt goes on with what there is", async () => {
  await using world = await setting();
  for (const step of ["before the session", "before the mapping", "before the turn"]) {
    const first = await gatewayProcess(world.env);
    const hook = {
      "before the session": "before insert",
      "before the mapping": "before update of session_id",
      "before the turn": "before update of state",
    }[step];
    // The database takes so long for this step that the gateway is killed in it.
    await world.pool.query(`create function hold() returns trigger language plpgsql as $$
      begin perform pg_advisory_xact_lock(4711); return new; end $$`);
    await world.pool.query(
      `create trigger hold ${hook} on slack_mappings for each row execute function hold()`,
    );
    const holder = await world.pool.connect();
    await holder.query("select pg_advisory_lock(4711)");
    const thread = await world.mention(`hello ${step}`);
    await vi.waitFor(async () => {
      const { rowCount } = await holder.query(
        "select from pg_locks where locktype = 'advisory' and objid = 4711 and not granted",
      );
      expect(rowCount).toBeGreaterThan(0);
    }, LONG);
    await first.kill();
    await holder.query("select pg_advisory_unlock(4711)");
    holder.release();
    await world.pool.query("drop trigger hold on slack_mappings");
    await world.pool.query("drop function hold");

    const second = await gatewayProcess(world.env);
    await vi.waitFor(async () => expect(await world.said(thread)).toHaveLength(1), LONG);
    await idle(world);
    expect(await world.said(thread)).toEqual([expect.stringMatching(/turn 1\).*hello/s)]);
    await second.kill();
  }
  const backend = connectSessions(world.backend);
  const { sessions } = await backend.list({});
  backend.close();
  expect(sessions).toHaveLength(3);
});

test("messages that come before their thread's mapping wait for it", async () => {
  await using world = await setting();
  await using _gateway = await gatewayProcess(world.env);
  const release = world.proxy.hold("chat.postMessage");
  await world.slash("new tea");
  const root = await vi.waitFor(async () => {
    const { messages } = await world.slack.call("conversations.history", {
      channel: world.slack.channels.general,
    });
    const [found] = messages as { ts: string; text: string }[];
    if (!found?.text.startsWith("Started")) throw new Error("no session began");
    return found;
  }, LONG);
  const thread = root.ts;
  await world.say(thread, `<@${world.slack.app.botUserId}> too early?`);
  await world.say(thread, "me too?");
  release();
  await vi.waitFor(async () => {
    const answers = [expect.stringContaining("too early?"), expect.stringContaining("me too?")];
    expect(await world.said(thread)).toEqual(answers);
  }, LONG);
});

test("two gateways that both get every delivery: each is worked once, in order", async () => {
  await using world = await setting();
  const start = () =>
    startGateway(parseConfig({ ...world.env, GATEWAY_LISTEN: "127.0.0.1:0", LOG_LEVEL: "fatal" }));
  await using one = await start();
  await using other = await start();
  world.slack.deliverTo(`${one.url}/slack/events`);
  const thread = await world.begin();
  world.slack.deliverTo("http://127.0.0.1:1/");

  const { channels, user, app } = world.slack;
  for (let index = 0; index < 10; index += 1) {
    const fields = { channel: channels.general, user, text: `message ${index}`, thread_ts: thread };
    const ts = `${Math.floor(Date.now() / 1_000)}.${String(index).padStart(6, "0")}`;
    const twins = ["message", "app_mention", "message"].map((type, copy) => ({
      type: "event_callback",
      team_id: app.teamId,
      event_id: `Ev${index}${copy}`,
      event: { type, ...fields, ts },
    }));
    await Promise.all(
      twins.flatMap((body) =>
        [one, other].map(async ({ url }) => {
          const answer = await deliver(`${url}/slack/events`, body, {}, app.signingSecret);
          expect(await answer.json()).toEqual({ ok: true });
        }),
      ),
    );
  }
  await vi.waitFor(async () => expect(await world.said(thread)).toHaveLength(10), LONG);
  await idle(world);
  const said = await world.said(thread);
  expect(said).toHaveLength(10);
  for (const [index, text] of said.entries()) expect(text).toContain(`message ${index}`);
});
