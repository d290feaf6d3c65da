import { expect, test, vi } from "vitest";
import { ADA, BOT, GENERAL, startSlackSystem, type Transport } from "./slack-system.js";

test.each<Transport>(["http", "socket"])("a conversation over %s", async (transport) => {
  await using system = await startSlackSystem({}, transport);
  const { slack } = system;
  const thread = await system.begin("about  tea & cake");
  const [root] = (await slack.messages(GENERAL)).filter(({ ts }) => ts === thread);
  expect(root?.text).toMatch(
    /^Started new session `[0-9a-f-]{8}`: about tea &amp; cake\nReply in this thread to interact with the session\.$/,
  );

  const [first] = await system.ask("what is <https://tea.example|tea> &amp; why?", thread);
  expect(first?.text).toContain("tea (https://tea.example) &amp; why?");
  const [second] = await system.ask(`${BOT} and what is cake`, thread);
  expect(second?.text).toContain("and what is cake");
  expect(second?.text).not.toContain("U0AMP");

  await vi.waitFor(async () => {
    const messages = await slack.messages(GENERAL);
    const asked = messages.find(({ text }) => text?.startsWith("what is"));
    expect(asked?.reactions?.map(({ name }) => name)).toEqual(["white_check_mark"]);
  });
  const [status] = await system.ask(`${BOT} info`, thread);
  expect(JSON.stringify(status?.blocks)).toContain(":large_green_circle: *Session Status: Active*");
  const [ended] = await system.ask(`${BOT} stop`, thread);
  expect(ended?.text).toBe("Session ended. Start a new one with `new`.");
  expect((await slack.messages(GENERAL)).filter(({ user }) => user === ADA)).toHaveLength(4);
  expect(await system.answers(thread)).toHaveLength(4);
});

test("a mention ends the session at once, also behind a running turn and one that waits", async () => {
  await using system = await startSlackSystem();
  const { slack } = system;
  const thread = await system.begin();
  const post = { channel: GENERAL, user: ADA, thread_ts: thread };
  await slack.message({ ...post, text: "slow 60 first" });
  await slack.message({ ...post, text: "second" });
  await vi.waitFor(async () => {
    const first = (await slack.messages(GENERAL)).find(({ text }) => text === "slow 60 first");
    expect(first?.reactions).toHaveLength(1);
  });
  await slack.message({ ...post, text: `${BOT} end` });
  await vi.waitFor(async () => {
    const messages = await slack.messages(GENERAL);
    for (const lost of ["slow 60 first", "second"]) {
      const message = messages.find(({ text }) => text === lost);
      expect(message?.reactions?.map(({ name }) => name)).toContain("no_entry_sign");
    }
  });
  const answers = (await system.answers(thread)).map(({ text }) => text).sort();
  const refused = "_Not answered: this session has ended._";
  expect(answers).toEqual(["Session ended. Start a new one with `new`.", refused, refused]);
});
