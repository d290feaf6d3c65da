import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { ADA, BOB, EVE, type SlackSystem, startSlackSystem } from "./slack-system.js";

let system: SlackSystem;
beforeAll(async () => {
  system = await startSlackSystem();
});
afterAll(() => system[Symbol.asyncDispose]());

/** Writes to the app and waits for its answer. Returns what the app said since, with its thread. */
async function write(user: string, text: string, thread_ts?: string) {
  // The local Slack opens the direct messages of whoever's id stands for the channel.
  const post = { channel: user, user, text, ...(thread_ts !== undefined && { thread_ts }) };
  const asked = await system.slack.message(post);
  return vi.waitFor(
    async () => {
      const messages = await system.slack.messages(asked.channel);
      const said = messages.filter((each) => each.ts > asked.ts && each.user === "U0AMP");
      if (said.length === 0) throw new Error("no answer");
      return { channel: asked.channel, ts: asked.ts, texts: said.map((each) => each.text), said };
    },
    { timeout: 60_000 },
  );
}

test("direct messages are one conversation, without mentions or threads", async () => {
  const started = await write(ADA, "new tea");
  expect(started.texts).toEqual([
    expect.stringMatching(/^Started new session `.{8}`: tea\nReply here to interact/),
  ]);
  const { texts, said } = await write(ADA, "list what is oolong?");
  expect(texts).toEqual([expect.stringContaining("list what is oolong?")]);
  expect(said[0]?.thread_ts).toBeUndefined();
  // A thread is another conversation, with a session of its own.
  const thread = await write(ADA, "and here?", started.ts);
  expect(thread.texts).toEqual([expect.stringMatching(/turn 1\).*and here\?/s)]);
  expect(thread.said[0]?.thread_ts).toBe(started.ts);
});

test("a first message needs no command, whatever it says", async () => {
  const first = await write(EVE, "hello, list what is oolong?");
  expect(first.texts).toEqual([expect.stringMatching(/turn 1\).*hello, list what is oolong\?/s)]);
  const second = await write(EVE, "help me");
  expect(second.texts).toEqual([expect.stringMatching(/turn 2\).*help me/s)]);
  const { texts, said } = await write(EVE, "<@U0AMP> new milk");
  expect(texts).toEqual([
    expect.stringMatching(/^Started new session `.{8}`: milk\nReply in this/),
  ]);
  const third = await write(EVE, "of oats", said[0]?.thread_ts);
  expect(third.texts).toEqual([expect.stringMatching(/turn 1\).*of oats/s)]);
});

test("a slash command means them, and does not wait behind a running turn", async () => {
  const { channel } = await write(BOB, "new");
  await system.slack.message({ channel: BOB, user: BOB, text: "slow 20 please" });
  await vi.waitFor(async () => {
    const { rows } = await system.pool.query(
      "select from slack_inbox where status = 'waiting' and body::text like '%slow 20%'",
    );
    expect(rows).toHaveLength(1);
  });
  await system.slack.command({ channel, user: BOB, command: "/amp", text: "end" });
  await vi.waitFor(
    async () => {
      const texts = (await system.slack.messages(channel)).map(({ text }) => text);
      expect(texts).toContain("Session ended. Start a new one with `new`.");
      // Depending on which of the two is noted first.
      const cutOff = /^_Not answered: this session has ended\._$|^Session has ended\. /;
      expect(texts).toContainEqual(expect.stringMatching(cutOff));
    },
    { timeout: 60_000 },
  );
});
