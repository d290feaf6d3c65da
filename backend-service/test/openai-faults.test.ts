/** What endpoints do wrong in the middle of an answer, and what becomes of the turn. */
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { ask } from "./agent-asking.js";
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
import {
  answers,
  expectFault,
  type Fault,
  hangs,
  type Respond,
  resets,
  streams,
} from "./openai-fault.js";
import { KEY, testAgent } from "./openai-testing.js";

const BASE_URL = /OPENAI_BASE_URL/;
const FIRST = /OPENAI_FIRST_TOKEN_TIMEOUT/;
const HALF_A_MILLION = "x".repeat(500_000);
const role = event({ choices: [{ delta: { role: "assistant", content: "" } }] });
const thought = event({ choices: [{ delta: { reasoning: "hm" } }] });
const fails = (code: unknown) => event({ error: { code, message: `${KEY} in org-internal` } });

const calls = (name: string) =>
  event({
    choices: [{ delta: { tool_calls: [{ index: 0, function: { name, arguments: "{}" } }] } }],
  });
const compressedAnswer =
  (encoding: string): Respond =>
  ({ response }) => {
    response.writeHead(200, { "content-type": "text/event-stream", "content-encoding": encoding });
    response.end(gzipSync(says("Hello") + DONE));
  };

const nonsense: Fault[] = [
  ["HTML with 200", answers(200, "text/html", "<title>Hi</title>"), "internal", BASE_URL, 1],
  ["a body that is not JSON", answers(200, "application/json", "{"), "internal", BASE_URL, 1],
  ["a chunk that is not JSON", streams("data: {not json\n\n"), "internal", BASE_URL, 1],
  ["a chunk of another shape", streams(event({ choices: "none" })), "internal", BASE_URL, 1],
  ["a huge line", hangs(`data: "${"x".repeat(2_000_000)}`), "internal", BASE_URL, 1],
  ["a huge body", answers(200, "text/json", "x".repeat(2_000_000)), "internal", BASE_URL, 1],
  ["an empty answer", streams(finishes(), DONE), "internal", /empty/, 1],
  ["white space only", streams(says("\n"), finishes(), DONE), "internal", /empty/, 1, "\n"],
  ["thoughts only", streams(thought, finishes(), DONE), "internal", /empty/, 1],
  [
    "an answer without end",
    streams(says(HALF_A_MILLION), says(HALF_A_MILLION), says("x")),
    "internal",
    /come to an end/,
    1,
    HALF_A_MILLION + HALF_A_MILLION,
  ],
  [
    "a tool call",
    streams(calls("get_weather"), finishes("tool_calls"), DONE),
    "internal",
    /use a tool \("get_weather"\)/,
    1,
  ],
  [
    "an old tool call",
    streams(
      event({ choices: [{ delta: { function_call: { name: "f" } } }] }),
      finishes("function_call"),
      DONE,
    ),
    "internal",
    /use a tool \("f"\)/,
    1,
  ],
  [
    "a tool call without a name",
    streams(finishes("tool_calls"), DONE),
    "internal",
    /use a tool, but/,
    1,
  ],
  [
    "a tool with an odd name",
    streams(calls("<b>x"), finishes("tool_calls"), DONE),
    "internal",
    /use a tool, but/,
    1,
  ],
  ["a compressed answer", compressedAnswer("gzip"), "internal", /compressed \(gzip\)/, 1],
  ["another compression", compressedAnswer("zstd"), "internal", /compressed \(zstd\)/, 1],
  ["no room for an answer", streams(finishes("length"), DONE), "rejected", /length limit/, 1],
  ["filtered at once", streams(finishes("content_filter"), DONE), "rejected", /filter/, 1],
];

const breaks: Fault[] = [
  ["cut before the first token", streams(role), "unavailable", /broke off/, 3],
  ["cut after some text", streams(says("Hel")), "unavailable", /broke off/, 1, "Hel"],
  ["cut in a chunk", streams(says("Hel"), 'data: {"ch'), "unavailable", /broke off/, 1, "Hel"],
  [
    "reset before the answer",
    ({ response }) => void response.socket?.resetAndDestroy(),
    "unavailable",
    /cannot be reached/,
    3,
  ],
  ["reset after some text", resets(says("Hel")), "unavailable", /broke off/, 1, "Hel"],
  ["an error first", streams(fails(503)), "unavailable", /has a problem/, 3],
  ["a full window", streams(fails("context_length_exceeded")), "rejected", /too long/, 1],
  ["an error later", streams(says("Hel"), fails(null)), "unavailable", /broke off/, 1, "Hel"],
  ["an error at last", streams(says("Hel"), finishes("error")), "unavailable", /broke/, 1, "Hel"],
  [
    "an error as the body",
    ({ response }) => json(response, 200, { error: { code: 429 } }),
    "unavailable",
    /busy/,
    3,
  ],
];

const silences: Fault[] = [
  ["no headers", () => {}, "timeout", FIRST, 1],
  ["headers, then nothing", hangs(), "timeout", FIRST, 1],
  ["a role, then nothing", hangs(role), "timeout", FIRST, 1],
  [
    "comments for ever",
    ({ response }) => {
      stream(response);
      const timer = setInterval(() => response.write(": still thinking\n\n"), 20);
      response.once("close", () => clearInterval(timer));
    },
    "timeout",
    FIRST,
    1,
  ],
  ["text, then nothing", hangs(says("Hel")), "timeout", /OPENAI_IDLE_TIMEOUT/, 1, "Hel"],
];

describe.each([
  ["nonsense", nonsense],
  ["a broken stream", breaks],
  ["silence", silences],
])("%s", (_, faults) => {
  test.concurrent.each(faults)("%s", expectFault);
});

test("two failures before the first token are not seen", async () => {
  await using endpoint = await startEndpoint(({ response, attempt }) => {
    if (attempt === 1) json(response, 503, {});
    else if (attempt === 2) response.socket?.resetAndDestroy();
    else streamWhole(response, says("Hello"), finishes(), DONE);
  });
  const outcome = await ask(testAgent(endpoint.url), "hello");
  expect(outcome).toMatchObject({ text: "Hello", error: undefined });
});

test.each([
  ["a reset", resets(says("Hello"), finishes())],
  ["silence", hangs(says("Hello"), finishes())],
])("%s after the last word takes nothing away", async (_, respond) => {
  await using endpoint = await startEndpoint(respond);
  const outcome = await ask(testAgent(endpoint.url), "hello");
  expect(outcome).toMatchObject({ text: "Hello", error: undefined });
  expect(endpoint.exchanges).toHaveLength(1);
});
