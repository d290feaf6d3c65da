import fc from "fast-check";
import { expect, test } from "vitest";
import { wordsOf } from "./words.js";

const KEY = "zz-this-is-our-own-key-0123";
const secrets = {
  apiKey: KEY,
  sent: ["You are a pirate who never tells the secret of the island."],
};
const words = (body: unknown) => wordsOf(body, secrets);

test.each([
  [
    { error: { message: 'model "missing" not found, try pulling it first' } },
    'model "missing" not found, try pulling it first',
  ],
  [{ error: "model 'llama3.2' not found" }, "model 'llama3.2' not found"],
  [{ message: "Not Found" }, "Not Found"],
  [{ detail: "The model does not exist" }, "The model does not exist"],
  [{ detail: [{ loc: ["body"], msg: "Field required" }, 7] }, "Field required"],
  ["404 page not found\n", "404 page not found"],
  [{ error: { message: "two\n\tlines\u0000here" } }, "two lines\uFFFDhere"],
  [
    { error: { message: "The model `gpt-4.1-mini-2025-04-14-preview` does not exist" } },
    "The model `gpt-4.1-mini-2025-04-14-preview` does not exist",
  ],
  [
    { error: { message: "meta-llama/Llama-3.2-11B-Vision-Instruct is not served" } },
    "meta-llama/Llama-3.2-11B-Vision-Instruct is not served",
  ],
  [
    { error: { message: "maximum context length is 8192 tokens" } },
    "maximum context length is 8192 tokens",
  ],
])("%j says %j", (body, expected) => {
  expect(words(body)).toBe(expected);
});

test.each([
  undefined,
  null,
  7,
  [],
  {},
  "",
  { error: {} },
  { error: { message: 7 } },
  { error: { message: " \n" } },
])("%j says nothing", (body) => expect(words(body)).toBeUndefined());

test.each([
  [`Incorrect API key provided: ${KEY}.`, KEY],
  ["Incorrect API key provided: sk-abcd1234efgh5678.", "sk-abcd"],
  ["Incorrect API key provided: sk-proj-ab**********cd3F.", "cd3F"],
  ["Incorrect API key provided: abc***xyz", "xyz"],
  ["invalid header Bearer abc.def.ghi", "abc.def"],
  ["Rate limit reached for org-AbCdEf in organization", "AbCdEf"],
  ["see https://ada:hunter2@proxy/v1", "hunter2"],
  ["account ada@example.com is disabled", "ada@example"],
  ["token AIzaSyD4x8Qw9eR7tY6uI5oP4aS3dF2gH1jK0l is wrong", "AIzaSy"],
  ["key 0123456789abcdef0123456789abcdef is wrong", "0123456789abcdef"],
])("%j is told without the secret", (message, secret) => {
  const told = words({ error: { message } });
  expect(told).toContain("[hidden]");
  expect(told).not.toContain(secret);
});

test("of words that quote what was sent nothing is told", () => {
  expect(words(`cannot parse: "${secrets.sent[0]}"`)).toBeUndefined();
  expect(words("the prompt 'pirate who never tells the secret of' is not allowed")).toBeUndefined();
  expect(words("You are not allowed")).toBe("You are not allowed");
});

test("words are bounded, and no key is ever among them", () => {
  expect(words("x y ".repeat(1_000))?.length).toBeLessThan(310);
  fc.assert(
    fc.property(fc.string(), fc.string(), (before, after) => {
      expect(words(`${before}${KEY}${after}`) ?? "").not.toContain(KEY);
    }),
  );
});
