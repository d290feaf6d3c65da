import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { idle } from "./endings-system.js";
import { deliver, event } from "./slack-deliver.js";
import { ADA, BOB, BOT, GENERAL, type SlackSystem, startSlackSystem } from "./slack-system.js";

let system: SlackSystem;
let url: string;
beforeAll(async () => {
  system = await startSlackSystem({ SLACK_MAX_SESSIONS_PER_USER: "100" });
  url = `${system.gateway.url}/slack/events`;
});
afterAll(() => system?.[Symbol.asyncDispose]());

let clock = 1_700_000_000;
const ts = () => `${clock++}.000100`;

/** A message as Slack delivers it, which is not in the local Slack. */
const message = (text: string, more: object = {}) =>
  event({ type: "message", channel: GENERAL, user: ADA, text, ts: ts(), ...more });

async function rows(): Promise<{ lane: string; text: string }[]> {
  const found = await system.pool.query<{ lane: string; text: string }>(
    `select lane, coalesce(delivery ->> 'text', body #>> '{event,text}') as text
     from slack_inbox order by id`,
  );
  return found.rows;
}

const texts = async () => (await rows()).map(({ text }) => text);

const posts = () => system.proxy.calls("chat.postMessage").map((call) => call.get("text") ?? "");

let deep: unknown = "x";
for (let level = 0; level < 50_000; level++) deep = [deep];
const half = "\ud83d";

test.each<[string, object]>([
  ["NUL in the text", { text: `${BOT} frob\0nicate` }],
  ["half a pair in the text", { text: `${BOT} frob${half}nicate` }],
  ["NUL in an attachment", { attachments: [{ title: "a\0b" }] }],
  ["half a pair in a file's name", { files: [{ name: `a${half}.png` }] }],
  ["NUL in a key", { blocks: [{ "ke\0y": 1 }] }],
  ["half a pair in a key", { blocks: [{ [half]: 1 }] }],
  ["NUL in an id that is not ours", { client_msg_id: "a\0b", app_id: "\0" }],
  ["a reversed pair", { blocks: [{ text: "\ude00\ud83d" }] }],
  ["a value nested 50,000 deep", { blocks: deep }],
  ["keys of objects that every object has", { blocks: [{ constructor: "\0", toString: half }] }],
  ["a number beyond all numbers", { size: Number.MAX_VALUE }],
])("a mention with %s is taken and answered", async (_name, fields) => {
  const root = ts();
  const body = message(`${BOT} help`, { type: "app_mention", ts: root, ...fields });
  const text = JSON.stringify({ ...body, event: { ...body.event, blocks: null } });
  // JSON.stringify is recursive.
  const blocks = fields === null || !("blocks" in fields) ? "null" : nested(fields.blocks);
  const sent = text.replace('"blocks":null', `"blocks":${blocks}`);
  const headers = { "content-type": "application/json" };
  expect((await deliver(url, sent, headers)).status).toBe(200);
  await vi.waitFor(() =>
    expect(
      system.proxy.calls("chat.postMessage").some((call) => call.get("thread_ts") === root),
    ).toBe(true),
  );
});

function nested(value: unknown): string {
  return value === deep ? `${"[".repeat(50_000)}"x"${"]".repeat(50_000)}` : JSON.stringify(value);
}

test.each([
  ["a command's text", { text: "frob\0nicate" }],
  ["a command's trigger", { trigger_id: "1\0\0" }],
  ["a trigger longer than an index takes", { trigger_id: "1".repeat(10_000) }],
])("%s that PostgreSQL refuses is taken and answered", async (_name, fields) => {
  const before = posts().length;
  const command = { command: "/amp", text: "frobnicate", team_id: "T0LOCAL" };
  const form = { ...command, channel_id: GENERAL, user_id: ADA, trigger_id: ts(), ...fields };
  const response = await deliver(url, new URLSearchParams(form).toString());
  expect(response.status).toBe(200);
  await vi.waitFor(() => expect(posts().length).toBe(before + 1));
});

test.each([
  ["channel", { channel: "C\0" }],
  ["channel", { channel: "C".repeat(100_000) }],
  ["ts", { ts: `1${"0".repeat(100_000)}.1` }],
  ["ts", { ts: "1.\0" }],
  ["user", { user: half }],
  ["user", { user: null }],
])("a message whose %s is none is taken and ignored", async (_name, fields) => {
  const before = await texts();
  expect((await deliver(url, message(`${BOT} help`, fields))).status).toBe(200);
  expect(await texts()).toEqual(before);
});

test("what people say to each other is never stored", async () => {
  const root = ts();
  const before = (await texts()).length;
  for (const [text, fields] of [
    ["lunch?", {}],
    ["lunch?", { ts: root }],
    ["yes", { thread_ts: root }],
    ["yes", { thread_ts: root, subtype: "thread_broadcast" }],
    [`<@${BOB}> lunch?`, {}],
    ["amplify it", {}],
    ["not with <#C0AMP|amp>", { thread_ts: root }],
    ["for us", { channel: "G0GROUP" }],
  ] as const) {
    expect((await deliver(url, message(text, fields))).status).toBe(200);
  }
  expect((await texts()).slice(before)).toEqual([]);
  await deliver(url, message(`${BOT} help`, { thread_ts: root }));
  await deliver(url, message("amp help", { thread_ts: root }));
  await deliver(url, message("hello", { channel: "D0ADA" }));
  expect((await texts()).slice(before)).toEqual([`${BOT} help`, "amp help", "hello"]);
});

test("a thread's words are stored from when it may be about to get its session", async () => {
  const thread = await system.begin("tea");
  await expect.poll(async () => (await system.ask("hello", thread)).length).toBe(1);
  // As when a session is being made in the channel: which thread it gets is not known yet.
  const other = ts();
  await system.pool.query(
    `insert into slack_mappings (team_id, channel_id, created_by, inbox_id)
     values ('T0LOCAL', $1, 'U1', -1)`,
    [GENERAL],
  );
  await deliver(url, message("early", { thread_ts: other }));
  // It was none of ours after all, and nothing of it is left.
  await idle(system);
  expect(await texts()).not.toContain("early");
  await system.pool.query("delete from slack_mappings where inbox_id = -1");
  // A mention in the thread that is not worked yet may begin a session there.
  const lock = await system.pool.connect();
  try {
    await lock.query("begin; lock table slack_outbox in access exclusive mode");
    await deliver(url, message(`${BOT} help`, { thread_ts: other }));
    await vi.waitFor(async () => {
      const { rowCount } = await system.pool.query(
        "select from slack_lanes where owner is not null",
      );
      expect(rowCount).toBe(1);
    });
    expect((await deliver(url, message("more", { thread_ts: other }))).status).toBe(200);
    expect(await texts()).toContain("more");
  } finally {
    await lock.query("rollback");
    lock.release();
  }
  await idle(system);
  expect(await texts()).not.toContain("more");
});

test("a body can not make a row of our own", async () => {
  const before = posts().length;
  const place = { team: "T0LOCAL", channel: GENERAL, thread: "1.000001" };
  const command = { command: "/amp", text: "frobnicate", team_id: "T0LOCAL", channel_id: GENERAL };
  for (const type of ["amp_session_ended", "amp_question"]) {
    const own = { type, place, step: "ask", sessionId: "s", approvalId: "a", seq: 1, users: [] };
    const body = { ...own, ...command, user_id: ADA, trigger_id: ts() };
    expect((await deliver(url, body)).status).toBe(200);
  }
  await idle(system);
  const said = posts().slice(before);
  expect(said).toHaveLength(2);
  for (const text of said) expect(text).toContain("Unknown command");
  // Nor for a gateway of the version before, which looks at the body.
  const { rowCount } = await system.pool.query(
    "select from slack_inbox where body ->> 'type' like 'amp%' and kind = 'delivery'",
  );
  expect(rowCount).toBe(0);
});

test("one gesture under two ts is one message; two that are equal are two", async () => {
  const thread = await system.begin("tea");
  const sent = (text: string, client_msg_id?: string, more: object = {}) =>
    deliver(url, message(text, { thread_ts: thread, client_msg_id, ...more }));
  const before = (await texts()).length;
  await sent("same", "4a1b");
  await sent("same", "4a1b");
  await sent("same", "4a1b", { type: "app_mention" });
  await sent("same", "5c2d");
  await sent("same");
  await sent("same");
  await sent("same", "4a1b", { user: BOB });
  await sent("other", "4a1b");
  expect((await texts()).slice(before)).toEqual([...Array(5).fill("same"), "other"]);
  await idle(system);
});

test("rows of the version before are worked, and those of a newer one wait for it", async () => {
  const before = posts().length;
  const root = ts();
  const old = message(`${BOT} help`, { ts: root });
  const lane = `T0LOCAL:${GENERAL}:${root}`;
  await system.pool.query(
    "with lane as (insert into slack_lanes (lane) values ($1)) insert into slack_inbox (dedupe_key, lane, body) values ('old', $1, $2)",
    [lane, JSON.stringify(old)],
  );
  await vi.waitFor(() => expect(posts().length).toBe(before + 1));
  await idle(system);

  const put = (key: string, columns: string, ...values: unknown[]) =>
    system.pool.query(
      `with lane as (insert into slack_lanes (lane) values ($1) on conflict do nothing)
       insert into slack_inbox (dedupe_key, lane, body, ${columns})
       values ('${key}', $1, $2${values.map((_, n) => `, $${n + 3}`).join("")})`,
      ["newer", "{}", ...values],
    );
  await put("newer 1", "kind, version, delivery", "delivery", 1_000, '{"kind":"of tomorrow"}');
  await put("newer 2", "kind, version", "amp_thing_of_tomorrow", 1);
  const looks = () =>
    system.pool.query("select from slack_lanes where lane = 'newer' and next_at > now()");
  await vi.waitFor(async () => expect((await looks()).rowCount).toBe(1), { timeout: 60_000 });
  const { rows: left } = await system.pool.query(
    "select status, attempts from slack_inbox where lane = 'newer' order by id",
  );
  expect(left).toEqual([
    { status: "waiting", attempts: 0 },
    { status: "waiting", attempts: 0 },
  ]);
  await system.pool.query("delete from slack_inbox where lane = 'newer'");
});

test.each(["NaN", "", "-1", "1e3", "9".repeat(400), "1;drop", "\0", "\u0661"])(
  "a click on a button whose value is %j is answered at once, and holds nothing up",
  async (value) => {
    const before = posts().length;
    const click = {
      type: "block_actions",
      team: { id: "T0LOCAL" },
      user: { id: ADA },
      channel: { id: GENERAL },
      message: { ts: "1700000000.000200" },
    };
    for (const action_id of ["start_new_here", "answer_question_0"]) {
      const body = { ...click, actions: [{ action_id, value }], trigger_id: ts() };
      const form = new URLSearchParams({ payload: JSON.stringify(body) }).toString();
      expect((await deliver(url, form)).status).toBe(200);
    }
    await idle(system);
    expect(posts().slice(before)).toEqual(["_This button does not work any more._"]);
    const { rows: failed } = await system.pool.query("select from slack_inbox where attempts > 0");
    expect(failed).toEqual([]);
  },
);
