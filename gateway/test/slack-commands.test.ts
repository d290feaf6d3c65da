import { connectSessions } from "@amp/proto";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import {
  ADA,
  BOB,
  BOT,
  GENERAL,
  RANDOM,
  type SlackSystem,
  startSlackSystem,
} from "./slack-system.js";

let system: SlackSystem;
beforeAll(async () => {
  system = await startSlackSystem();
});
afterAll(() => system[Symbol.asyncDispose]());

const say = async (words: string) => {
  const [answer] = await system.ask(`${BOT} ${words}`);
  return { text: answer?.text ?? "", blocks: JSON.stringify(answer?.blocks), ts: answer?.ts ?? "" };
};
const lastIn = async (channel: string) => (await system.slack.messages(channel)).at(-1);

test("before there is anything", async () => {
  expect((await say("status")).text).toBe("_No active sessions. Use `new` to start one._");
  expect((await say("sessions")).text).toBe("_No active bridge sessions._");
  expect((await say("list")).text).toBe("_No sessions found._");
  expect((await say("end")).text).toBe("_No active session to end._");
});

test("help, also for nothing", async () => {
  for (const words of ["help", "?", ""]) {
    const { text, blocks } = await say(words);
    expect(text).toBe("Amplifier");
    expect(blocks).toContain("Amplifier Slack Bridge");
  }
});

test("a slip, flags that there are not, and arguments that are missing", async () => {
  expect((await say("hlep")).text).toBe("Unknown command: `hlep`. Did you mean `help`?");
  expect((await say("new --dri /srv tea")).text).toBe(
    "Unknown flag: `--dri`. Usage: `new [--dir &lt;path&gt;] [description]`\nPut a description that has a flag in quotes.",
  );
  expect((await say("list —all")).text).toBe("Unknown flag: `—all`. Usage: `list [project]`");
  expect((await say("status --verbose")).text).toBe("Unknown flag: `--verbose`. Usage: `status`");
  expect((await say("connect")).text).toBe(
    "Usage: `connect &lt;session_id&gt;`\nProvide the session ID (or first 8 chars).",
  );
  expect((await say("connect zzz")).text).toBe("Session not found: `zzz`");
  expect((await say("new --dir")).text).toBe(
    "Missing value for `--dir`. Usage: `new [--dir &lt;path&gt;] [description]`",
  );
  expect((await say("new --dir /forbidden")).text).toMatch(/^Error: /);
  expect((await say("sessions")).text).toBe("_No active bridge sessions._");
});

test("config tells the settings", async () => {
  expect((await say("config")).text).toBe(
    [
      "*Bridge Configuration:*\n",
      "• *Bot name:* amp",
      "• *Thread per session:* True",
      "• *Mode:* events-api",
    ].join("\n"),
  );
});

test("new with a folder names it; sessions, status and list show it", async () => {
  const cwd = process.cwd();
  await system.slack.message({ channel: GENERAL, user: ADA, text: `${BOT} new --dir ${cwd} tea` });
  const root = await vi.waitFor(async () => {
    const found = (await system.slack.messages(GENERAL)).find(({ text }) =>
      text?.startsWith("Started"),
    );
    if (!found) throw new Error("not yet");
    return found;
  });
  const id8 = /`(.{8})`/.exec(root.text ?? "")?.[1];
  const thread = root.thread_ts ?? "";
  expect(root.text).toBe(
    `Started new session \`${id8}\` in \`${cwd}\`\n_tea_\nReply in this thread to interact with the session.`,
  );
  expect((await say("sessions")).text).toBe(
    `*Active Bridge Sessions* (1):\n\n• \`${id8}\` in <#${GENERAL}> - tea`,
  );
  expect((await say("status")).text).toBe(
    `*Your active sessions:*\n\n• \`${id8}\` in <#${GENERAL}> - tea`,
  );
  const { blocks } = await say("ls");
  expect(blocks).toContain("Amplifier Sessions");
  expect(blocks).toContain(`connect_session_${id8}`);
  expect(blocks).toMatch(/ \| \d\d\/\d\d \d\d:\d\d UTC/);
  await system.ask(`${BOT} end`, thread);
  const [status] = await system.ask(`${BOT} status`, thread);
  expect(JSON.stringify(status?.blocks)).toContain(":white_circle: *Session Status: Inactive*");
  expect((await say(`connect ${id8}`)).text).toMatch(
    new RegExp(`^Could not resume session \`${id8}\``),
  );
});

test("an unknown slash command says so", async () => {
  const command = { channel: RANDOM, user: BOB, command: "/amp" };
  await system.slack.command({ ...command, text: "frob <b>" });
  await vi.waitFor(async () => {
    expect((await lastIn(RANDOM))?.text).toBe(
      "Unknown command: `frob`. Try `help` for available commands.",
    );
  });
});

test("a slash command answers in the channel, and its new posts a thread of its own", async () => {
  await system.slack.command({ channel: RANDOM, user: BOB, command: "/amp", text: "status" });
  await vi.waitFor(async () => {
    expect((await lastIn(RANDOM))?.text).toBe("_No active sessions. Use `new` to start one._");
  });
  await system.slack.command({ channel: RANDOM, user: BOB, command: "/amp", text: "new tea" });
  const root = await vi.waitFor(async () => {
    const last = await lastIn(RANDOM);
    expect(last?.text).toContain("Started new session");
    return last;
  });
  expect(root?.thread_ts).toBeUndefined();
  await system.slack.message({ channel: RANDOM, user: BOB, text: "not for the bot" });
  await system.slack.message({ channel: RANDOM, user: BOB, text: "hi", thread_ts: root?.ts ?? "" });
  await vi.waitFor(async () => {
    const messages = await system.slack.messages(RANDOM);
    expect(messages.at(-1)).toMatchObject({
      thread_ts: root?.ts,
      text: expect.stringContaining("hi"),
    });
    expect(messages).toHaveLength(6);
  });
});

test("the Connect button gives a session a second conversation, and a prefix may be ambiguous", async () => {
  const first = await system.begin("coffee");
  const listing = await vi.waitFor(async () => {
    const { ts, blocks } = await say("list");
    expect(blocks).toContain("coffee");
    return { ts, blocks };
  });
  const action_id = /connect_session_.{8}/.exec(listing.blocks)?.[0];
  const value = /"value":"([^"]{36})"/.exec(listing.blocks)?.[1];
  const click = { channel: GENERAL, messageTs: listing.ts, user: BOB };
  await system.slack.interact({ ...click, action: { type: "button", action_id, value } });
  const thread =
    (await system.slack.messages(GENERAL)).find(({ ts }) => ts === listing.ts)?.thread_ts ?? "";
  await vi.waitFor(async () => {
    const texts = (await system.answers(thread)).map(({ text }) => text);
    expect(texts.at(-1)).toMatch(/^Connected to session `.{8}` \(.+\)\n_coffee_$/);
  });
  const [answer] = await system.ask("and milk", thread, 1, BOB);
  expect(answer?.text).toContain("and milk");
  expect((await system.ask("sugar", first))[0]?.text).toContain("sugar");
});

test("many that match are listed", async () => {
  const backend = connectSessions(system.backend.address);
  // More than there are hexadecimal digits: two begin alike.
  const ids: string[] = [];
  for (let index = 0; index < 17; index += 1) {
    const origin = {
      surface: "slack",
      user: ADA,
      conversation: `T0LOCAL:${RANDOM}:${index}.000001`,
    };
    const { session } = await backend.create({ description: "many", origin });
    ids.push(session?.sessionId ?? "");
  }
  backend.close();
  const digits = ids.map((id) => id[0]);
  const shared = digits.find((digit, index) => digits.indexOf(digit) !== index);
  expect((await say(`connect ${shared}`)).text).toMatch(
    /^Multiple sessions match. Be more specific:\n(\n• `.{12}` - .+ \(\d\d\/\d\d \d\d:\d\d\)){2,5}$/,
  );
});

test("a mention that is edited, and the app's own messages, start nothing", async () => {
  const asked = await system.slack.message({ channel: GENERAL, user: ADA, text: "hello all" });
  await system.slack.editMessage({
    channel: GENERAL,
    ts: asked.ts,
    user: ADA,
    text: `${BOT} help`,
  });
  await say("help");
  expect(await system.answers(asked.ts)).toEqual([]);
});
