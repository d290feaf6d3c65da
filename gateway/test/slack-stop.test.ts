import { connectSessions } from "@amp/proto";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { idle, SOON, sessionOf } from "./endings-system.js";
import { ADA, BOT, GENERAL, type SlackSystem, startSlackSystem } from "./slack-system.js";

let system: SlackSystem;
beforeAll(async () => {
  system = await startSlackSystem({ SLACK_MAX_SESSIONS_PER_USER: "100" });
});
afterAll(() => system[Symbol.asyncDispose]());

const say = (text: string, thread_ts: string) =>
  system.slack.message({ channel: GENERAL, user: ADA, text, thread_ts });
const said = async (thread: string) => (await system.answers(thread)).map(({ text }) => text ?? "");

async function inBackend<T>(
  work: (backend: ReturnType<typeof connectSessions>) => Promise<T>,
): Promise<T> {
  const backend = connectSessions(system.backend.address);
  try {
    return await work(backend);
  } finally {
    backend.close();
  }
}

/** Waits until the thread's turn runs, and has said something. */
async function speaking(thread: string): Promise<void> {
  const sessionId = await sessionOf(system, thread);
  await inBackend((backend) =>
    vi.waitFor(async () => {
      const { turns } = await backend.listTurns({ sessionId, newestFirst: true });
      expect(turns.some(({ reply }) => reply !== "")).toBe(true);
    }, SOON),
  );
}

const state = async (thread: string) => {
  const { rows } = await system.pool.query<{ state: string }>(
    "select state from slack_mappings where thread_ts = $1",
    [thread],
  );
  return rows[0]?.state;
};

test.each([
  `${BOT} stop!`,
  `${BOT} stop.`,
  `${BOT} *stop*`,
  "amp stop",
  `stop ${BOT}`,
  "stop",
  "STOP",
  `${BOT} stop`,
  `${BOT} stop the turn`,
])(
  "%s overtakes a running turn and stops it; what was said stays, the session goes on",
  async (text) => {
    const thread = await system.begin();
    await say("slow 30 one two three", thread);
    await say("and then?", thread);
    await speaking(thread);
    await say(text, thread);
    await vi.waitFor(async () => {
      const texts = await said(thread);
      expect(texts).toContainEqual(
        expect.stringMatching(/^Stopped\. .*`@amp end` ends the session/),
      );
      expect(texts).toContain("_This turn was cancelled._");
      // What waited is answered.
      expect(texts).toContainEqual(expect.stringContaining("and then?"));
    }, SOON);
    const texts = await said(thread);
    const partial = texts.indexOf("_This turn was cancelled._") - 1;
    expect(texts[partial]).not.toMatch(/^Stopped|^_/);
    expect(await state(thread)).toBe("active");
  },
);

test("a stop that overtakes the message that it is for waits for it, and stops it", async () => {
  const thread = await system.begin();
  await system.backend.stop();
  await say("slow 30 one two", thread);
  await say("stop", thread);
  await system.backend.start();
  await vi.waitFor(async () => {
    const texts = await said(thread);
    expect(texts).toContainEqual(expect.stringMatching(/^Stopped\./));
    expect(texts).toContain("_This turn was cancelled._");
  }, SOON);
  await idle(system);
  expect(await state(thread)).toBe("active");
});

test("who stops twice before anything is said does not end the session", async () => {
  const thread = await system.begin();
  await say("slow 30 one two", thread);
  await speaking(thread);
  await Promise.all([say("stop", thread), say(`${BOT} stop`, thread), say("Stop!", thread)]);
  await idle(system);
  // Also one that comes in when the turn has just ended of the first.
  await say("STOP", thread);
  await idle(system);
  expect((await said(thread)).filter((text) => text.startsWith("Stopped."))).toHaveLength(1);
  expect(await state(thread)).toBe("active");
});

test.each([`${BOT} stop`, "stop", "amp stop!"])(
  "with no turn, %s ends the session",
  async (text) => {
    const thread = await system.begin();
    const [answer] = await system.ask(text, thread);
    expect(answer?.text).toBe("Session ended. Start a new one with `new`.");
    expect(await state(thread)).toBe("ended");
  },
);

test.each([`${BOT} end session`, `${BOT} End!`, `close ${BOT}`, "amp quit", `${BOT} *disconnect*`])(
  "%s ends at once, also while a turn runs",
  async (text) => {
    const thread = await system.begin();
    await say("slow 30 one two", thread);
    await speaking(thread);
    await say(text, thread);
    await vi.waitFor(async () => {
      expect(await said(thread)).toContain("Session ended. Start a new one with `new`.");
    }, SOON);
    expect(await state(thread)).toBe("ended");
  },
);

test("without a mention, words that are not stop alone are said to the agent", async () => {
  const thread = await system.begin();
  for (const text of ["stop it", "end", "don't stop", "&gt; stop"]) await say(text, thread);
  await idle(system);
  expect(await said(thread)).toHaveLength(4);
  expect(await state(thread)).toBe("active");
});

test("where there is no session, a plain stop is nothing to us", async () => {
  const { ts } = await system.slack.message({ channel: GENERAL, user: ADA, text: "a talk" });
  await say("stop", ts);
  await idle(system);
  expect(await said(ts)).toEqual([]);
  const [answer] = await system.ask(`${BOT} stop`, ts);
  expect(answer?.text).toBe("_No active session to end._");
});
