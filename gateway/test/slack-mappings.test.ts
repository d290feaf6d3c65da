import { connectSessions } from "@amp/proto";
import { expect, test, vi } from "vitest";
import { endElsewhere, idle, noticeIn, SOON, sessionOf } from "./endings-system.js";
import { ADA, BOB, BOT, GENERAL, type SlackSystem, startSlackSystem } from "./slack-system.js";

interface MappingRow {
  session_id: string;
  thread_ts: string | null;
  state: string;
  end_reason: string | null;
}

async function mappings(system: SlackSystem): Promise<MappingRow[]> {
  const { rows } = await system.pool.query<MappingRow>(
    "select session_id, thread_ts, state, end_reason from slack_mappings order by id",
  );
  return rows;
}

/** The threads that sessions began in. */
async function roots(system: SlackSystem): Promise<string[]> {
  const messages = await system.slack.messages(GENERAL);
  return messages
    .filter(({ text }) => text?.startsWith("Started new"))
    .map(({ ts, thread_ts }) => thread_ts ?? ts);
}

/** Waits until the channel is told that the app cannot write there. */
async function toldToInvite(system: SlackSystem, channel: string): Promise<void> {
  await vi.waitFor(async () => {
    const texts = (await system.slack.messages(channel)).map(({ text }) => text);
    expect(texts).toContainEqual(expect.stringMatching(/^Error: .*Invite me/));
  });
}

test("many new at once in one channel: a thread each, and none on the bare channel", async () => {
  await using system = await startSlackSystem();
  const post = (user: string) =>
    system.slack.message({ channel: GENERAL, user, text: `${BOT} new` });
  await Promise.all([post(ADA), post(BOB), post(ADA), post(BOB), post(ADA)]);
  await vi.waitFor(async () => expect(await roots(system)).toHaveLength(5), { timeout: 60_000 });
  const rows = await mappings(system);
  expect(new Set(rows.map(({ thread_ts }) => thread_ts))).toEqual(new Set(await roots(system)));
  expect(new Set(rows.map(({ session_id }) => session_id)).size).toBe(5);
  for (const thread of await roots(system)) {
    const [answer] = await system.ask(`only for ${thread}`, thread);
    expect(answer?.text).toContain(`only for ${thread}`);
  }
});

test("new in a free thread is for that thread; in a taken one it says so, and by the slash command begins another", async () => {
  await using system = await startSlackSystem();
  const { ts } = await system.slack.message({ channel: GENERAL, user: ADA, text: "a talk" });
  const [started] = await system.ask(`${BOT} new`, ts);
  expect(started?.text).toContain("Started new session");
  const [refused] = await system.ask(`${BOT} new second`, ts);
  const id8 = /`(.{8})`/.exec(started?.text ?? "")?.[1];
  expect(refused?.text).toBe(
    `This conversation has session \`${id8}\` already.\n_To begin another one, mention me outside of this thread._`,
  );
  await system.slack.command({ channel: GENERAL, user: ADA, command: "/amp", text: "new" });
  const other = await vi.waitFor(async () => {
    const [, second] = await roots(system);
    if (!second) throw new Error("no second session");
    return second;
  });
  expect(await mappings(system)).toMatchObject([
    { thread_ts: ts, state: "active" },
    { thread_ts: other, state: "active" },
  ]);
});

test("the limit holds when all slots are asked for at once, for each user alone", async () => {
  await using system = await startSlackSystem({ SLACK_MAX_SESSIONS_PER_USER: "3" });
  const text = `${BOT} new`;
  const asked = await Promise.all(
    Array.from({ length: 10 }, () => system.slack.message({ channel: GENERAL, user: ADA, text })),
  );
  await vi.waitFor(
    async () => {
      const answers = await Promise.all(asked.map(({ ts }) => system.answers(ts)));
      const refused = answers.flat().filter(({ text }) => !text?.startsWith("Started new"));
      expect(refused.map((message) => message.text)).toEqual(
        Array(7).fill("Session limit reached (3). End an existing session first."),
      );
      expect(await roots(system)).toHaveLength(3);
    },
    { timeout: 60_000 },
  );
  await system.begin("", BOB);
  const active = (await mappings(system)).filter(({ state }) => state === "active");
  expect(active).toHaveLength(4);
});

test("a freed zombie gives its slot back", async () => {
  await using system = await startSlackSystem({ SLACK_MAX_SESSIONS_PER_USER: "1" });
  const thread = await system.begin();
  const [refused] = await system.ask(`${BOT} new`);
  expect(refused?.text).toBe("Session limit reached (1). End an existing session first.");

  const [mapping] = await mappings(system);
  const backend = connectSessions(system.backend.address);
  await backend.end({ sessionId: mapping?.session_id ?? "", reason: "elsewhere" });
  backend.close();
  await system.ask("anybody there?", thread);
  expect(await mappings(system)).toMatchObject([{ state: "ended", end_reason: "dead" }]);
  await system.begin();
});

test("an ended session frees its slot, and who writes there is told once", async () => {
  await using system = await startSlackSystem({ SLACK_MAX_SESSIONS_PER_USER: "1" });
  const thread = await system.begin();
  await system.ask(`${BOT} end`, thread);
  await system.begin();
  await system.slack.message({ channel: GENERAL, user: ADA, text: "hm", thread_ts: thread });
  const [answer] = await system.ask(`${BOT} new`);
  expect(answer?.text).toContain("Session limit");
  await system.slack.message({ channel: GENERAL, user: ADA, text: "hello?", thread_ts: thread });
  await idle(system);
  const said = (await system.answers(thread)).map(({ text }) => text);
  expect(said.slice(-1)).toEqual(["_Not answered: this session has ended._"]);
  expect(said.filter((text) => text?.startsWith("_Not answered"))).toHaveLength(1);
});

test("a root message that Slack refuses leaves no mapping, no session and no slot taken", async () => {
  await using system = await startSlackSystem({ SLACK_MAX_SESSIONS_PER_USER: "1" });
  system.proxy.fail("chat.postMessage", "not_in_channel");
  await system.slack.command({ channel: GENERAL, user: ADA, command: "/amp", text: "new" });
  await vi.waitFor(async () => {
    const texts = (await system.slack.messages(GENERAL)).map(({ text }) => text);
    expect(texts).toEqual([expect.stringMatching(/^Error: .*Invite me/)]);
  });
  expect(await mappings(system)).toEqual([]);
  const backend = connectSessions(system.backend.address);
  const { sessions } = await backend.list({});
  backend.close();
  expect(sessions).toMatchObject([{ endReason: "found no place in Slack" }]);
  await system.begin();
});

test("direct messages that the app is not part of: told so, and no session, mapping or slot stays", async () => {
  await using system = await startSlackSystem({ SLACK_MAX_SESSIONS_PER_USER: "1" });
  const { channel } = await system.slack.message({ channel: ADA, user: ADA, text: "help" });
  await idle(system);
  system.proxy.fail("chat.postMessage", "channel_not_found");
  await system.slack.command({ channel, user: ADA, command: "/amp", text: "new" });
  await toldToInvite(system, channel);
  expect(await mappings(system)).toMatchObject([{ state: "ended" }]);
  const backend = connectSessions(system.backend.address);
  const { sessions } = await backend.list({});
  backend.close();
  expect(sessions).toMatchObject([{ endReason: "found no place in Slack" }]);
  await system.begin();
});

test("a button where the app cannot write: told so, and no slot stays taken", async () => {
  await using system = await startSlackSystem({ SLACK_MAX_SESSIONS_PER_USER: "2" });
  await system.begin();
  await system.slack.command({ channel: GENERAL, user: ADA, command: "/amp", text: "list" });
  const list = await vi.waitFor(async () => {
    const found = (await system.slack.messages(GENERAL)).find(({ text }) => text === "Amplifier");
    if (!found) throw new Error("no list");
    return found;
  });
  const [, value] = /"value":"([^"]+)"/.exec(JSON.stringify(list.blocks)) ?? [];
  const action = { type: "button", action_id: `connect_session_${value?.slice(0, 8)}`, value };
  system.proxy.fail("chat.postMessage", "not_in_channel");
  await system.slack.interact({ channel: GENERAL, messageTs: list.ts, user: ADA, action });
  await toldToInvite(system, GENERAL);
  expect((await mappings(system)).map(({ state }) => state)).toEqual(["active", "ended"]);
  const [answer] = await system.ask("still there?", (await roots(system))[0] ?? "");
  expect(answer?.text).toContain("still there?");
});

test("a slot that an attempt held, and the next one needs no more, is given back", async () => {
  await using system = await startSlackSystem({ SLACK_MAX_SESSIONS_PER_USER: "1" });
  const thread = await system.begin();
  await endElsewhere(system, await sessionOf(system, thread));
  const notice = await noticeIn(system, thread);
  await system.backend.stop();
  const action = { type: "button", action_id: "start_new_here", value: "0" };
  await system.slack.interact({ channel: GENERAL, messageTs: notice.ts, user: ADA, action });
  await vi.waitFor(async () => {
    expect((await mappings(system)).map(({ state }) => state)).toEqual(["ended", "reserved"]);
  });
  // While that gateway stops, somebody else gives the thread a session.
  await system.gateway[Symbol.asyncDispose]();
  const { rows } = await system.pool.query<{ id: number }>(
    `insert into slack_inbox (dedupe_key, lane, body, status) values ('x', 'x', '{}', 'done') returning id`,
  );
  await system.pool.query(
    `insert into slack_mappings (team_id, channel_id, thread_ts, session_id, state, created_by, inbox_id)
     select team_id, channel_id, thread_ts, gen_random_uuid()::text, 'active', $1, $2
     from slack_mappings where state = 'ended'`,
    [BOB, rows[0]?.id],
  );
  await using _another = await system.anotherGateway();
  await vi.waitFor(async () => {
    const texts = (await system.answers(thread)).map(({ text }) => text);
    expect(texts.at(-1)).toContain("has session");
  }, SOON);
  await idle(system);
  expect((await mappings(system)).map(({ state }) => state)).not.toContain("reserved");
});
