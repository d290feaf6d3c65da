/** What the turn engine relies on, whichever agent it runs. */
import { startOpenAiServer } from "@amp/stack/testing";
import { describe, expect, test } from "vitest";
import { type Agent, AgentError, type PastTurn } from "../src/agents/agent.js";
import { demoAgent } from "../src/agents/demo/index.js";
import { ask, context, nobody } from "./agent-asking.js";
import { testAgent } from "./openai-testing.js";

interface Subject extends AsyncDisposable {
  agent: Agent;
}

const subjects: [name: string, start: () => Promise<Subject>][] = [
  ["demo", startDemo],
  ["openai", startOpenAi],
];

async function startDemo(): Promise<Subject> {
  return { agent: demoAgent(), [Symbol.asyncDispose]: async () => {} };
}

async function startOpenAi(): Promise<Subject> {
  const server = await startOpenAiServer();
  return {
    agent: testAgent(server.url),
    async [Symbol.asyncDispose]() {
      // An answer that nobody waits for any more is not left running.
      await expect.poll(() => server.active).toBe(0);
      await server[Symbol.asyncDispose]();
    },
  };
}

describe.each(subjects)("%s", (name, start) => {
  test("has its name, and tells whether a turn may run again", async () => {
    await using subject = await start();
    expect(subject.agent.name).toBe(name);
    expect(subject.agent.repeatable).toBe(true);
  });

  test("answers in several pieces, with the message among them", async () => {
    await using subject = await start();
    const message = "Grüße, *世界* 👋\n\n```js\nlet x = 1;\n```";
    const { events, text, error } = await ask(subject.agent, message);
    expect(error).toBeUndefined();
    expect(text).toContain(message);
    const pieces = events.filter((event) => event.type === "text");
    expect(pieces.length).toBeGreaterThan(2);
    for (const piece of pieces) expect(piece.text).not.toBe("");
  });

  test("answers as it goes, not at the end", async () => {
    await using subject = await start();
    const started = performance.now();
    const times: number[] = [];
    await ask(subject.agent, "slow 1 please", {
      onEvent: () => times.push(performance.now() - started),
    });
    const [first = 0, last = 0] = [times.at(0), times.at(-1)];
    expect(last).toBeGreaterThan(800);
    expect(first).toBeLessThan(last / 2);
  });

  test.each([
    ["from the start", 0],
    ["in the middle", 2],
  ])("stops within moments when aborted %s, and answers the next message", async (_, after) => {
    await using subject = await start();
    const session = await subject.agent.open(context(), new AbortController().signal);
    const abort = new AbortController();
    let events = 0;
    let aborted = performance.now();
    if (after === 0) abort.abort();
    const running = (async () => {
      for await (const _ of session.prompt("slow 120 and no longer", abort.signal, nobody)) {
        if (++events !== after) continue;
        aborted = performance.now();
        abort.abort();
      }
    })();
    const thrown: unknown = await running.catch((error: unknown) => error);
    expect(performance.now() - aborted).toBeLessThan(20_000);
    expect(thrown).not.toBeInstanceOf(AgentError);
    expect(events).toBeLessThanOrEqual(after + 1);

    let text = "";
    for await (const event of session.prompt("hello again", new AbortController().signal, nobody)) {
      if (event.type === "text") text += event.text;
    }
    expect(text).toContain("hello again");
    await session.close();
  });

  test("does not mix sessions that run at the same time", async () => {
    await using subject = await start();
    const words = Array.from({ length: 10 }, (_, index) => `word-${index}-end`);
    const replies = await Promise.all(
      words.map(async (word) => (await ask(subject.agent, `slow 0.3 ${word}`)).text),
    );
    for (const [index, reply] of replies.entries()) {
      expect(words.filter((word) => reply.includes(word))).toEqual([words[index]]);
    }
  });

  test("knows the turns so far, and goes on from them when it is opened anew", async () => {
    await using subject = await start();
    const history: PastTurn[] = [];
    const { signal } = new AbortController();
    const session = await subject.agent.open(context(history), signal);
    for (let turn = 0; turn < 3; turn++) {
      let reply = "";
      for await (const event of session.prompt("hello", signal, nobody)) {
        if (event.type === "text") reply += event.text;
      }
      const reopened = await ask(subject.agent, "hello", { history });
      expect(reopened.text).toBe(reply);
      expect(history.map((past) => past.reply)).not.toContain(reply);
      history.push({ message: "hello", reply });
    }
    await session.close();
  });

  test("fails a turn with an AgentError for users to read, and answers the next one", async () => {
    await using subject = await start();
    const { error } = await ask(subject.agent, "fail");
    expect(error).toBeInstanceOf(AgentError);
    expect(error).toMatchObject({ kind: "unavailable" });
    expect((error as AgentError).message).toMatch(/^[A-Z].{10,}\.$/);
    expect(await ask(subject.agent, "hello")).toMatchObject({ error: undefined });
  });

  test("closes after an answer that was left in the middle", async () => {
    await using subject = await start();
    const { signal } = new AbortController();
    const session = await subject.agent.open(context(), signal);
    for await (const _ of session.prompt("slow 120 and no longer", signal, nobody)) break;
    await session.close();
  });

  test("closes without ever having been asked", async () => {
    await using subject = await start();
    const session = await subject.agent.open(context(), new AbortController().signal);
    await session.close();
  });
});
