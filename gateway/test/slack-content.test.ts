import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { deliver, event } from "./slack-deliver.js";
import { ADA, BOB, BOT, GENERAL, type SlackSystem, startSlackSystem } from "./slack-system.js";

let system: SlackSystem;
let thread: string;
beforeAll(async () => {
  system = await startSlackSystem();
  thread = await system.begin();
});
afterAll(() => system[Symbol.asyncDispose]());

const SOON = { timeout: 60_000 };
let number = 0;
/** Delivers a message of a thread as Slack does. Returns its `ts`. */
async function post(fields: object, envelope: object = {}): Promise<string> {
  number += 1;
  const ts = `${Math.floor(Date.now() / 1_000)}.${String(number).padStart(6, "0")}`;
  const message = {
    type: "message",
    channel: GENERAL,
    user: ADA,
    ts,
    thread_ts: thread,
    ...fields,
  };
  const response = await deliver(`${system.gateway.url}/slack/events`, {
    ...event(message),
    ...envelope,
  });
  expect(response.status).toBe(200);
  return ts;
}

/** Delivers it, and waits for so many posts of the app in the thread. */
async function answers(fields: object, count = 1, envelope: object = {}): Promise<string[]> {
  const before = (await system.answers(thread)).length;
  await post(fields, envelope);
  return vi.waitFor(async () => {
    const texts = (await system.answers(thread)).slice(before).map(({ text }) => text ?? "");
    expect(texts).toHaveLength(count);
    return texts;
  }, SOON);
}

/** What the app says to a message comes before what it says to the next one. */
async function nothing(fields: object, envelope: object = {}): Promise<void> {
  await post(fields, envelope);
  expect(await answers({ text: "and now?" })).toEqual([expect.stringContaining("and now?")]);
}

test("a file is named to the agent, and its author is told that it was not read", async () => {
  const file = { subtype: "file_share", files: [{ name: "error.png" }] };
  for (const text of ["", "see `this`"]) {
    const [told, note] = await answers({ ...file, text }, 2);
    expect(told).toMatch(/You said.*\[file: error\.png\]$/s);
    if (text) expect(told).toContain(text);
    expect(note).toMatch(/^_I cannot read files yet.*`error\.png`$/);
  }
});

test("a snippet tells how it begins", async () => {
  const snippet = {
    name: "x.ts",
    mode: "snippet",
    preview: "let a = b &amp;&amp; c;",
    preview_is_truncated: true,
  };
  const [told] = await answers({ subtype: "file_share", text: "", files: [snippet] }, 2);
  expect(told).toContain("[file: x.ts]");
  expect(told).toContain("[the rest of it was not read]");
});

test("what is forwarded reaches the agent as such, and is no command", async () => {
  const attachments = [{ is_share: true, author_name: "Bob", text: "Prod is down" }];
  expect(await answers({ text: "deal with this", attachments })).toEqual([
    expect.stringMatching(/deal with this\n\[forwarded message of Bob\]\n&gt; Prod is down$/),
  ]);
  expect(await answers({ text: "", attachments })).toEqual([
    expect.stringContaining("Prod is down"),
  ]);
  expect(await answers({ text: `${BOT} help`, attachments })).toEqual([
    expect.stringMatching(/help\n\[forwarded/),
  ]);
  const blocks = [{ type: "section", text: { type: "mrkdwn", text: `${BOT} end` } }];
  const share = { is_share: true, message_blocks: [{ message: { blocks } }] };
  expect(await answers({ text: "", attachments: [share] })).toEqual([
    expect.stringContaining("@amp end"),
  ]);
});

test("a message of blocks only is what they say; one that cannot be read gets a word", async () => {
  const section = { type: "section", text: { type: "mrkdwn", text: "by *blocks*" } };
  expect(await answers({ text: "", blocks: [section] })).toEqual([
    expect.stringContaining("by *blocks*"),
  ]);
  expect(await answers({ text: "", blocks: [{ type: "divider" }] })).toEqual([
    "_I cannot read a message of this kind, so the agent was not told it._",
  ]);
  const preview = { from_url: "https://a.example", title: "A" };
  await nothing({ text: "", attachments: [preview] });
});

test("what its blocks show as code addresses nobody, and reaches the agent with the name", async () => {
  const code = { code: true };
  const elements = [
    { type: "user", user_id: "U0AMP", style: code },
    { type: "text", text: " end", style: code },
  ];
  const blocks = [{ type: "rich_text", elements: [{ type: "rich_text_section", elements }] }];
  expect(await answers({ text: `${BOT} end`, blocks })).toEqual([
    expect.stringContaining("`@amp` end"),
  ]);
});

test("a person's words by way of an app are theirs; those of bots are not", async () => {
  const app = { bot_id: "B0X", app_id: "A0X" };
  expect(await answers({ ...app, text: "by a shortcut, as me" })).toEqual([
    expect.stringContaining("by a shortcut, as me"),
  ]);
  await nothing({ ...app, user: undefined, text: "a bot", subtype: "bot_message" });
  await nothing({ ...app, user: undefined, text: "a bot" });
  await nothing({ ...app, user: "U0AMP", text: "ours" });
  await nothing({ user: "U0AMP", text: "ours" });
  await nothing({ user: "USLACKBOT", text: "Reminder: tea" });
  await nothing({ ...app, user: "U0NOBODY", text: "of nobody whom Slack knows" });
  expect(await answers({ bot_id: null, edited: null, subtype: null, text: "as me" })).toEqual([
    expect.stringContaining("as me"),
  ]);
});

test.each([
  { authorizations: null, context_team_id: null },
  {
    authorizations: [
      {
        enterprise_id: "E0",
        team_id: null,
        user_id: "U0AMP",
        is_bot: true,
        is_enterprise_install: true,
      },
    ],
  },
  { authorizations: [{ team_id: "T0LOCAL", user_id: null }] },
])("on Enterprise Grid: %j", async (envelope) => {
  expect(await answers({ text: "of an org" }, 1, envelope)).toEqual([
    expect.stringContaining("of an org"),
  ]);
});

test("what looks like ours and cannot be read is warned of, without what it holds", async () => {
  await post({ text: "secret" }, { team_id: null, authorizations: null });
  const click = {
    type: "block_actions",
    team: null,
    enterprise: { id: "E0" },
    user: { id: BOB },
    channel: { id: GENERAL },
    message: { ts: "1.1" },
    actions: [{ action_id: "x", value: "secret" }],
  };
  const form = new URLSearchParams({ payload: JSON.stringify(click) }).toString();
  expect((await deliver(`${system.gateway.url}/slack/events`, form)).status).toBe(200);
  const warned = system.logs.filter(({ msg }) => msg === "cannot read a Slack delivery");
  expect(warned).toMatchObject([{ level: 40 }, { level: 40 }]);
  expect(JSON.stringify(warned)).not.toContain("secret");
});
