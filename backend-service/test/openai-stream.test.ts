/** What endpoints do differently from one another, all of it fine. */
import type { ServerResponse } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, test, vi } from "vitest";
import type { HistoryLimits } from "../src/index.js";
import { ask, context, nobody } from "./agent-asking.js";
import {
  DONE,
  event,
  finishes,
  json,
  says,
  startEndpoint,
  stream,
  streamWhole,
} from "./openai-endpoint.js";
import { KEY, testAgent } from "./openai-testing.js";

const usage = (prompt_tokens: number, completion_tokens: number) =>
  event({ choices: [], usage: { prompt_tokens, completion_tokens } });

test("no more of the transcript is read than is sent along", async () => {
  await using endpoint = await startEndpoint(({ response }) =>
    streamWhole(response, says("Hi"), finishes(), DONE),
  );
  const asked: HistoryLimits[] = [];
  const opened = context();
  opened.history = async (limits) => {
    asked.push(limits);
    return [];
  };
  const { signal } = new AbortController();
  const session = await testAgent(endpoint.url, { historyTurns: 7, historyCharacters: 9 }).open(
    opened,
    signal,
  );
  for await (const _ of session.prompt("hello", signal, nobody));
  await session.close();
  expect(asked).toEqual([{ turns: 7, characters: 9 }]);
});

test("the request carries the model, the key and the wish for a stream with usage", async () => {
  await using endpoint = await startEndpoint(({ response }) =>
    streamWhole(response, says("Hi"), finishes(), DONE),
  );
  const history = [{ message: "one", reply: "two" }];
  await ask(testAgent(endpoint.url, { systemPrompt: "Be brief." }), "three", { history });
  const [exchange] = endpoint.exchanges;
  expect(exchange?.request.url).toBe("/v1/chat/completions");
  expect(exchange?.request.headers.authorization).toBe(`Bearer ${KEY}`);
  expect(exchange?.body).toEqual({
    model: "test-model",
    stream: true,
    stream_options: { include_usage: true },
    messages: [
      { role: "system", content: "Be brief." },
      { role: "user", content: "one" },
      { role: "assistant", content: "two" },
      { role: "user", content: "three" },
    ],
  });
});

test("without a key, none is sent", async () => {
  await using endpoint = await startEndpoint(({ response }) =>
    streamWhole(response, says("Hi"), finishes(), DONE),
  );
  await ask(testAgent(endpoint.url, { apiKey: undefined }), "hello");
  expect(endpoint.exchanges[0]?.request.headers.authorization).toBeUndefined();
});

describe("an answer is whole", () => {
  const crlf = (text: string) => text.replaceAll("\n", "\r\n");
  test.each([
    ["with all that belongs to it", [says("Hel"), says("lo"), finishes(), usage(3, 2), DONE]],
    ["without [DONE]", [says("Hello"), finishes()]],
    ["without a reason for its end", [says("Hello"), DONE]],
    ["with CRLF", [crlf(says("Hel")), crlf(says("lo")), crlf(finishes()), crlf(DONE)]],
    [
      "with comments and empty events",
      [": hi\n\n", "data:\n\n", says("Hello"), ": x\n", finishes()],
    ],
    ["with event names and ids", [`event: message\nid: 7\n${says("Hello")}`, finishes(), DONE]],
    ["as a refusal", [event({ choices: [{ delta: { refusal: "Hello" } }] }), finishes(), DONE]],
  ])("%s", async (_, parts) => {
    await using endpoint = await startEndpoint(({ response }) => streamWhole(response, ...parts));
    const outcome = await ask(testAgent(endpoint.url), "hello");
    expect(outcome).toMatchObject({ text: "Hello", error: undefined });
  });

  test("when it comes at once although a stream was asked for", async () => {
    await using endpoint = await startEndpoint(({ response }) =>
      json(response, 200, {
        choices: [{ message: { role: "assistant", content: "Hello" }, finish_reason: "stop" }],
        usage: { prompt_tokens: 5, completion_tokens: 1 },
      }),
    );
    const { events } = await ask(testAgent(endpoint.url), "hello");
    expect(events).toEqual([
      { type: "text", text: "Hello" },
      { type: "usage", usage: { inputTokens: 5, outputTokens: 1 } },
    ]);
  });

  test("when every byte comes alone", async () => {
    const text = "Grüße, 世界 👋";
    await using endpoint = await startEndpoint(async ({ response }) => {
      stream(response);
      for (const byte of Buffer.from(says(text) + finishes() + DONE)) {
        response.write(Buffer.of(byte));
        await new Promise(setImmediate);
      }
      response.end();
    });
    expect(await ask(testAgent(endpoint.url), "hello")).toMatchObject({ text, error: undefined });
  });
});

test.each(["reasoning_content", "reasoning"])("%s is told as thoughts", async (field) => {
  const thinks = (text: string) => event({ choices: [{ delta: { [field]: text } }] });
  await using endpoint = await startEndpoint(({ response }) =>
    streamWhole(response, thinks("Hm, "), thinks("yes."), says("Hello"), finishes(), DONE),
  );
  const outcome = await ask(testAgent(endpoint.url), "hello");
  expect(outcome).toMatchObject({ thought: "Hm, yes.", text: "Hello", error: undefined });
});

test("of usage that counts up, the last is told, once", async () => {
  await using endpoint = await startEndpoint(({ response }) =>
    streamWhole(response, usage(3, 1), says("Hello"), usage(3, 2), finishes(), usage(3, 4), DONE),
  );
  const { events } = await ask(testAgent(endpoint.url), "hello");
  expect(events.filter(({ type }) => type === "usage")).toEqual([
    { type: "usage", usage: { inputTokens: 3, outputTokens: 4 } },
  ]);
});

test.each([
  ["length", /^Hello.+length limit/s],
  ["content_filter", /^Hello.+content filter/s],
])("an answer cut off by %s says so", async (reason, text) => {
  await using endpoint = await startEndpoint(({ response }) =>
    streamWhole(response, says("Hello"), finishes(reason), DONE),
  );
  const outcome = await ask(testAgent(endpoint.url), "hello");
  expect(outcome.error).toBeUndefined();
  expect(outcome.text).toMatch(text);
});

describe("an aborted turn closes the connection", () => {
  test.each([
    ["before the headers", () => {}],
    ["before the first token", (response: ServerResponse) => stream(response)],
  ])("%s", async (_, respond) => {
    await using endpoint = await startEndpoint(({ response }) => respond(response));
    const abort = new AbortController();
    const asked = ask(testAgent(endpoint.url), "hello", {
      signal: abort.signal,
    });
    await vi.waitFor(() => expect(endpoint.exchanges).toHaveLength(1));
    abort.abort();
    expect(await asked).toMatchObject({ text: "", error: { name: "AbortError" } });
    await vi.waitFor(() => expect(endpoint.left).toBe(1));
  });

  test("after the first token", async () => {
    await using endpoint = await startEndpoint(({ response }) => stream(response, says("Hel")));
    const abort = new AbortController();
    const outcome = await ask(testAgent(endpoint.url), "hello", {
      signal: abort.signal,
      onEvent: () => abort.abort(),
    });
    expect(outcome).toMatchObject({ text: "Hel", error: { name: "AbortError" } });
    await vi.waitFor(() => expect(endpoint.left).toBe(1));
  });

  test("while it waits to try again", async () => {
    await using endpoint = await startEndpoint(({ response }) =>
      json(response, 429, {}, { "retry-after": "9" }),
    );
    const abort = new AbortController();
    const asked = ask(testAgent(endpoint.url), "hello", { signal: abort.signal });
    await vi.waitFor(() => expect(endpoint.exchanges).toHaveLength(1));
    abort.abort();
    expect(await asked).toMatchObject({ error: { name: "AbortError" } });
  });

  test("and so does leaving the loop", async () => {
    await using endpoint = await startEndpoint(({ response }) => stream(response, says("Hel")));
    const { signal } = new AbortController();
    const session = await testAgent(endpoint.url).open(context(), signal);
    for await (const _ of session.prompt("hello", signal, nobody)) break;
    await vi.waitFor(() => expect(endpoint.left).toBe(1));
  });
});

test("a slow reader is not taken for a silent endpoint", async () => {
  await using endpoint = await startEndpoint(({ response }) =>
    streamWhole(response, says("Hel"), says("lo"), finishes(), DONE),
  );
  const { signal } = new AbortController();
  const idleTimeout = 20;
  const session = await testAgent(endpoint.url, { idleTimeout }).open(context(), signal);
  let text = "";
  for await (const event of session.prompt("hello", signal, nobody)) {
    if (event.type === "text") text += event.text;
    await delay(3 * idleTimeout);
  }
  expect(text).toBe("Hello");
});
