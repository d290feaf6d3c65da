import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { buttonOf, type Post, type QuickSlack, quickSlack } from "./quick-slack.js";
import { deliver, event } from "./slack-deliver.js";
import { type System, startSystem } from "./web-system.js";

const THREADS = 520;
const CLICKS = 20;
const QUESTION = "The agent asks:";
const LONG = 240_000;

let slack: QuickSlack;
let system: System;
let url: string;
beforeAll(async () => {
  slack = await quickSlack();
  system = await startSystem({
    SLACK_API_URL: slack.apiUrl,
    SLACK_BOT_TOKEN: "xoxb-local",
    SLACK_SIGNING_SECRET: "local-signing-secret",
    SLACK_MAX_SESSIONS_PER_USER: "1000",
  });
  url = `${system.gateway.url}/slack/events`;
});
afterAll(async () => {
  await system?.[Symbol.asyncDispose]();
  await slack?.[Symbol.asyncDispose]();
});

let clock = 1_700_000_000;
const nextTs = () => `${clock++}.000100`;

async function say(text: string, fields: object = {}): Promise<string> {
  const ts = nextTs();
  const message = { type: "message", channel: "C0GENERAL", user: "U0ADA", text, ts, ...fields };
  const authorizations = [{ team_id: "T0LOCAL", user_id: "U0AMP" }];
  const body = { ...event(message), authorizations };
  expect((await deliver(url, body)).status).toBe(200);
  return ts;
}

async function form(payload: object): Promise<void> {
  const body = new URLSearchParams({ payload: JSON.stringify(payload) }).toString();
  expect((await deliver(url, body)).status).toBe(200);
}

const questions = () => slack.posts.filter(({ text }) => text.startsWith(QUESTION));
const answers = (thread: string | undefined) =>
  slack.posts.filter((post) => post.thread === thread && !post.text.startsWith(QUESTION));

test(
  "more turns wait for people than there are places, and everything else goes on",
  async () => {
    for (let n = 0; n < THREADS; n += 20) {
      await Promise.all(Array.from({ length: 20 }, () => say("<@U0AMP> approve it")));
    }
    await vi.waitFor(() => expect(questions()).toHaveLength(THREADS), {
      timeout: LONG,
      interval: 500,
    });

    const clicked = questions().slice(-CLICKS);
    const click = ({ ts, thread, blocks }: Post) =>
      form({
        type: "block_actions",
        team: { id: "T0LOCAL" },
        user: { id: "U0ADA" },
        channel: { id: "C0GENERAL" },
        message: { ts, thread_ts: thread },
        actions: [{ action_id: "answer_question_0", value: buttonOf({ blocks }) }],
        trigger_id: nextTs(),
      });
    await Promise.all(clicked.map(click));
    const done = () =>
      clicked.filter(({ thread }) =>
        answers(thread).some(({ text }) => text.includes("Your answer was")),
      );
    await vi.waitFor(() => expect(done()).toHaveLength(CLICKS), { timeout: 60_000, interval: 200 });

    // A stranger, and the end of a session whose turn waits.
    const help = await say("<@U0AMP> help", { user: "U0EVE" });
    await vi.waitFor(() => expect(answers(help)).toHaveLength(1), { timeout: 60_000 });
    const [open] = questions();
    await say("<@U0AMP> end", { thread_ts: open?.thread });
    const ended = () => answers(open?.thread).some(({ text }) => text.includes("Session ended"));
    await vi.waitFor(() => expect(ended()).toBe(true), { timeout: 60_000 });
    const { rows } = await system.pool.query("select from slack_inbox where attempts > 0");
    expect(rows).toEqual([]);
  },
  2 * LONG,
);
