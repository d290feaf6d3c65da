import { afterAll, beforeAll, expect, test, vi } from "vitest";
import {
  ADA,
  BOB,
  BOT,
  EVE,
  GENERAL,
  RANDOM,
  type SlackSystem,
  startSlackSystem,
} from "./slack-system.js";

let system: SlackSystem;
beforeAll(async () => {
  system = await startSlackSystem({ SLACK_MAX_SESSIONS_PER_USER: "100" });
});
afterAll(() => system[Symbol.asyncDispose]());

/** Waits for the answer to a mention in the channel itself. */
const say = async (text: string, user = ADA) => {
  const [answer] = await system.ask(text, undefined, 1, user);
  return { text: answer?.text ?? "", thread: answer?.thread_ts ?? "" };
};
/** Waits for the answer in a thread. */
const reply = async (text: string, thread: string, user = ADA) =>
  (await system.ask(text, thread, 1, user))[0]?.text ?? "";

/** The words that the demo agent was told, behind the line that it answers with. */
const told = (words: string) =>
  expect.stringMatching(new RegExp(`You said.*${literally(words)}`, "s"));
const literally = (text: string) => text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");

test("a mention begins a session in its own thread, and is its first turn", async () => {
  const { text, thread } = await say(`${BOT} what is the weather?`);
  expect(text).toEqual(told("what is the weather?"));
  expect(await reply("and tomorrow?", thread, BOB)).toEqual(told("and tomorrow?"));
  expect(await system.answers(thread)).toHaveLength(2);
  const { rows } = await system.pool.query(
    "select description from slack_mappings where state = 'active' and thread_ts = $1",
    [thread],
  );
  expect(rows).toEqual([{ description: "what is the weather?" }]);
});

test("a mention in a thread of people begins one there, too", async () => {
  const { ts } = await system.slack.message({ channel: GENERAL, user: BOB, text: "a talk" });
  await system.slack.message({ channel: GENERAL, user: EVE, text: "of people", thread_ts: ts });
  expect(await reply(`as I said ${BOT} what is going on here?`, ts)).toEqual(
    told("as I said @amp what is going on here?"),
  );
  expect(await reply("I see", ts, BOB)).toEqual(told("I see"));
});

test.each([
  "stop using tabs, use spaces",
  "end of the story",
  "close the file",
  "quit smoking?",
  "disconnect the database",
  "help me with this",
  "?! what",
  "list the files in src",
  "ls -la src",
  "start the server please",
  "create a file",
  "join us",
  "connect it to the database",
  "status of the build",
  "config files, where are they",
  "sessions are lost",
])("in a session's thread the agent is told: %s", async (words) => {
  const thread = await talkThread();
  expect(await reply(`${BOT} ${words}`, thread)).toEqual(told(words));
});

let shared: Promise<string> | undefined;
/** A thread with a session. */
const talkThread = () => {
  shared ??= say(`${BOT} hello`).then(({ thread }) => thread);
  return shared;
};

test.each([
  "<@U0AMP>: new tea",
  "<@U0AMP>, new tea",
  "<@U0AMP> `new` tea",
  "<@U0AMP> `new tea`",
  "<@U0AMP> *new* tea",
  "*<@U0AMP>* new tea",
  "*<@U0AMP> new tea*",
  "<@U0AMP|amp> /amp new tea",
  "<@U0AMP>\u2060 NEW tea",
  "amp new tea",
  "@amp new tea",
  "Amp: new tea",
])("%j is new", async (text) => {
  const answer = await say(text);
  expect(answer.text).toMatch(/^Started new session `.{8}`: tea\nReply in this thread/);
  expect(await reply("which?", answer.thread)).toEqual(told("which?"));
});

test.each([
  "AMP pages are slow",
  "amp",
  "amp's broken",
  "amp stpo",
  "Amp help me",
  "amp create a file",
])("%j is for nobody", async (text) => {
  const { ts } = await system.slack.message({ channel: RANDOM, user: ADA, text });
  await say(`${BOT} help`);
  const answers = (await system.slack.messages(RANDOM)).filter(({ thread_ts }) => thread_ts === ts);
  expect(answers).toEqual([]);
});

test("in a session's thread the bare name is what it is, but for an exact command", async () => {
  const thread = await talkThread();
  expect(await reply("AMP pages are slow", thread)).toEqual(told("AMP pages are slow"));
  expect(await reply("Amp help!", thread)).toBe("Amplifier");
  expect(await reply(`${BOT} amp hours?`, thread)).toEqual(told("amp hours?"));
});

test("a slip gets a suggestion, not a session", async () => {
  expect((await say(`${BOT} hlep`)).text).toBe("Unknown command: `hlep`. Did you mean `help`?");
  expect((await say(`${BOT} stpo!`)).text).toBe("Unknown command: `stpo`. Did you mean `stop`?");
  const thread = await talkThread();
  expect(await reply(`${BOT} stpo`, thread)).toContain("Did you mean `stop`?");
  expect(await reply(`${BOT} last`, thread)).toEqual(told("last"));
});

test("arguments are what their author saw", async () => {
  const cwd = process.cwd();
  expect((await say(`${BOT} new —dir=“${cwd}” R&amp;D`)).text).toMatch(
    new RegExp(`^Started new session \`.{8}\` in \`${literally(cwd)}\`\n_R&amp;D_\n`),
  );
  expect((await say(`${BOT} connect <http://readme.md|readme.md>`)).text).toBe(
    "Session not found: `readme.md`",
  );
  expect((await say(`${BOT} connect &lt;1234&gt;`)).text).toBe("Session not found: `&lt;1234&gt;`");
  expect((await say(`${BOT} list R&amp;D`)).text).toBe("_No sessions found._");
});

test.each([
  (id: string) => `\`${id}\``,
  (id: string) => `${id}.`,
  (id: string) => id.toUpperCase(),
  (id: string) => `“${id}”`,
])("connect takes an id as people write it (%#)", async (form) => {
  const { rows } = await system.pool.query<{ id: string }>(
    "select session_id as id from slack_mappings where thread_ts = $1",
    [await talkThread()],
  );
  const id8 = rows[0]?.id.slice(0, 8) ?? "";
  const { text, thread } = await say(`${BOT} connect ${form(id8)}`);
  expect(text).toContain(`Connected to session \`${id8}\``);
  expect(await reply(`${BOT} connect ${id8}`, thread)).toBe(
    `This conversation has session \`${id8}\` already.`,
  );
  expect(await reply(`${BOT} new second`, thread)).toContain("already");
});

test("people and channels are known by their names, as far as Slack tells them", async () => {
  const thread = await talkThread();
  const words = "ask <@U0BOB> and <@U0NOBODY> in <#C0RANDOM> or <#C0RANDOM|>";
  expect(await reply(words, thread)).toMatch(/ask @bob and .*U0NOBODY.* in #random or #random$/i);
  expect((await say(`${BOT} new for <@U0BOB>`)).text).toMatch(/: for @bob$/im);
});

test("samples address nobody, and reach the agent with the name in them", async () => {
  for (const text of [
    `to call it write \`${BOT} new\``,
    `\`\`\`${BOT} new\`\`\``,
    `&gt; ${BOT} new`,
  ]) {
    const { ts } = await system.slack.message({ channel: GENERAL, user: ADA, text });
    await say(`${BOT} help`);
    expect(await system.answers(ts)).toEqual([]);
  }
  const thread = await talkThread();
  expect(await reply(`does \`${BOT} end\` end it?`, thread)).toContain("`@amp end`");
});

test("a mention and its reply at once: one session, two turns in their order", async () => {
  const post = { channel: GENERAL, user: ADA };
  const { ts } = await system.slack.message({ ...post, text: `${BOT} one` });
  await system.slack.message({ ...post, text: `${BOT} two`, thread_ts: ts });
  await vi.waitFor(async () => expect(await system.answers(ts)).toHaveLength(2), {
    timeout: 60_000,
  });
  const texts = (await system.answers(ts)).map(({ text }) => text);
  expect(texts).toEqual([
    expect.stringMatching(/turn 1\).*one/s),
    expect.stringMatching(/turn 2\).*two/s),
  ]);
});

test("a mention that begins nothing is told why, in its thread", async () => {
  await using small = await startSlackSystem({ SLACK_MAX_SESSIONS_PER_USER: "1" });
  await small.begin();
  const [refused] = await small.ask(`${BOT} what is the weather?`);
  expect(refused?.text).toContain("Session limit reached (1).");
  await small.backend.stop();
  const [failed] = await small.ask(`${BOT} what is the weather?`, undefined, 1, BOB);
  expect(failed?.text).toBe("Error: Failed to get response from Amplifier session.");
  await small.backend.start();
  const [answer] = await small.ask(`${BOT} and now?`, failed?.thread_ts, 1, BOB);
  expect(answer?.text).toContain("and now?");
}, 180_000);
