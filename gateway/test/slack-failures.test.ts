import type { LocalSlackMessage } from "@amp/stack/testing";
import { expect, test, vi } from "vitest";
import { expireAll } from "./expire.js";
import { ADA, BOB, BOT, GENERAL, type SlackSystem, startSlackSystem } from "./slack-system.js";

const NOTICE = "Session has ended. Start a new one with `/amp new`.";
const TRANSIENT = "Error: Failed to get response from Amplifier session.";

const texts = (messages: LocalSlackMessage[]) => messages.map(({ text }) => text);

async function states(system: SlackSystem): Promise<string[]> {
  const { rows } = await system.pool.query<{ state: string }>(
    "select state from slack_mappings order by id",
  );
  return rows.map(({ state }) => state);
}

async function click(system: SlackSystem, notice: LocalSlackMessage, user: string): Promise<void> {
  const [, value] = /"value":"(\d+)"/.exec(JSON.stringify(notice.blocks)) ?? [];
  const action = { type: "button", action_id: "start_new_here", value };
  await system.slack.interact({ channel: GENERAL, messageTs: notice.ts, user, action });
}

test("a dead session: told once, the mapping ended and logged; one click goes on", async () => {
  await using system = await startSlackSystem();
  const thread = await system.begin("tea");
  await expireAll(system);
  const [notice] = await system.ask("what is oolong?", thread);
  if (!notice) throw new Error("no notice");
  expect(notice.text).toBe(NOTICE);
  expect(JSON.stringify(notice.blocks)).toContain("Start new here");
  expect(await states(system)).toEqual(["ended"]);
  expect(system.logs).toContainEqual(
    expect.objectContaining({
      level: 40,
      msg: "session is dead, mapping deactivated",
      conversation: `T0LOCAL:${GENERAL}:${thread}`,
    }),
  );

  // Later messages: not told again, but marked.
  const later = { channel: GENERAL, user: BOB, thread_ts: thread };
  await system.slack.message({ ...later, text: "hello?" });
  await system.slack.message({ ...later, text: `${BOT} are you there?` });
  await vi.waitFor(async () => {
    const marked = (await system.slack.messages(GENERAL)).filter(({ reactions }) =>
      reactions?.some(({ name }) => name === "no_entry_sign"),
    );
    expect(texts(marked)).toEqual(["hello?", `${BOT} are you there?`]);
  });
  const said = await system.answers(thread);
  expect(texts(said).filter((text) => text === NOTICE)).toHaveLength(1);

  // The message that found out is sent to the new session; a second click changes nothing.
  await Promise.all([click(system, notice, BOB), click(system, notice, ADA)]);
  await vi.waitFor(
    async () => {
      const after = (await system.answers(thread)).filter(({ ts }) => ts > notice.ts);
      expect(texts(after)).toContainEqual(expect.stringMatching(/^Started new session/));
      expect(texts(after)).toContainEqual(expect.stringContaining("what is oolong?"));
      expect(texts(after)).toContainEqual(expect.stringMatching(/has session `.{8}` already/));
    },
    { timeout: 60_000 },
  );
  const [answer] = await system.ask("and green tea?", thread);
  expect(answer?.text).toContain("and green tea?");
  const oolong = (await system.answers(thread)).filter(({ text }) => text?.includes("oolong"));
  expect(oolong).toHaveLength(1);
  expect(await states(system)).toEqual(["ended", "active"]);
});

test("two messages that meet a dead session are told once", async () => {
  await using system = await startSlackSystem();
  const thread = await system.begin();
  await expireAll(system);
  const post = { channel: GENERAL, user: ADA, thread_ts: thread };
  await Promise.all(["a", "b", "c"].map((text) => system.slack.message({ ...post, text })));
  await vi.waitFor(async () => {
    const { rows } = await system.pool.query("select from slack_inbox where status = 'waiting'");
    expect(rows).toEqual([]);
  });
  const said = texts(await system.answers(thread));
  // The local Slack shows everyone what only the author is to see.
  const note = expect.stringMatching(/^_Not answered/);
  expect(said).toEqual([NOTICE, note, note]);
});

test("a backend that is away for longer than the window: told once, the mapping kept", async () => {
  await using system = await startSlackSystem({ BACKEND_RETRY_WINDOW: "500ms" });
  const thread = await system.begin();
  await system.backend.stop();
  expect(texts(await system.ask("hello?", thread))).toEqual([TRANSIENT]);
  expect(TRANSIENT).toContain("Error");
  expect(await states(system)).toEqual(["active"]);
  const [refused] = await system.ask(`${BOT} new`);
  expect(refused?.text).toBe(TRANSIENT);
  await system.backend.start();
  expect((await system.ask("again", thread))[0]?.text).toContain("again");
  expect(await states(system)).toEqual(["active"]);
});

test("a backend that restarts meanwhile is not seen", async () => {
  await using system = await startSlackSystem({ BACKEND_RETRY_WINDOW: "20s" });
  const thread = await system.begin();
  await system.backend.stop();
  const answers = system.ask("hello?", thread);
  await vi.waitFor(async () => {
    const { rows } = await system.pool.query("select from slack_inbox where status = 'waiting'");
    expect(rows).toHaveLength(1);
  });
  await system.backend.start();
  const [answer] = await answers;
  expect(answer?.text).toContain("hello?");
});

test("a turn that the agent fails is told at once and not repeated; the session goes on", async () => {
  await using system = await startSlackSystem({ BACKEND_RETRY_WINDOW: "60s" });
  const thread = await system.begin();
  const [failed, ...more] = await system.ask("fail", thread);
  expect(failed?.text).toMatch(/^Error/);
  expect(more).toEqual([]);
  expect((await system.ask("again", thread))[0]?.text).toContain("again");
  expect(await states(system)).toEqual(["active"]);
});

test("messages of a thread are answered in their order, while another thread is not delayed", async () => {
  await using system = await startSlackSystem();
  const slow = await system.begin("slow");
  const quick = await system.begin("quick");
  const post = { channel: GENERAL, user: ADA, thread_ts: slow };
  await system.slack.message({ ...post, text: "slow 2 first" });
  for (const text of ["second", "third"]) await system.slack.message({ ...post, text });
  await system.ask("at once", quick);
  expect(await system.answers(slow)).toEqual([]);
  await vi.waitFor(async () => expect(await system.answers(slow)).toHaveLength(3), {
    timeout: 60_000,
  });
  const said = texts(await system.answers(slow));
  for (const [index, word] of ["first", "second", "third"].entries()) {
    expect(said[index]).toContain(word);
  }
});
