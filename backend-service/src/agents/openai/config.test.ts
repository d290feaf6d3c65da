import { expect, test } from "vitest";
import { openAiConfig } from "./config.js";

const base = { OPENAI_BASE_URL: "https://models.example/v1", OPENAI_MODEL: "m" };

test("there is none without a base URL", () => {
  expect(openAiConfig({ OPENAI_API_KEY: "k", OPENAI_MODEL: "m" })).toBeUndefined();
});

test("the base URL and a model are enough", () => {
  expect(openAiConfig(base)).toMatchObject({
    url: "https://models.example/v1/chat/completions",
    apiKey: undefined,
    model: "m",
    systemPrompt: undefined,
    connectTimeout: 10_000,
    firstTokenTimeout: 120_000,
    idleTimeout: 60_000,
  });
});

test("every setting is read", () => {
  const env = {
    ...base,
    OPENAI_API_KEY: " sk-1\n",
    OPENAI_SYSTEM_PROMPT: "Be brief.",
    OPENAI_CONNECT_TIMEOUT: "1s",
    OPENAI_FIRST_TOKEN_TIMEOUT: "10m",
    OPENAI_IDLE_TIMEOUT: "500ms",
    OPENAI_HISTORY_TURNS: "3",
    OPENAI_HISTORY_CHARACTERS: "0",
  };
  expect(openAiConfig(env)).toMatchObject({
    apiKey: "sk-1",
    systemPrompt: "Be brief.",
    connectTimeout: 1_000,
    firstTokenTimeout: 600_000,
    idleTimeout: 500,
    historyTurns: 3,
    historyCharacters: 0,
  });
});

test.each([
  ["http://127.0.0.1:8080", "http://127.0.0.1:8080/chat/completions"],
  ["http://host/v1/", "http://host/v1/chat/completions"],
  ["https://host/openai?api-version=1#x", "https://host/openai/chat/completions?api-version=1"],
])("%s leads to %s", (url, completions) => {
  expect(openAiConfig({ ...base, OPENAI_BASE_URL: url })?.url).toBe(completions);
});

test.each([
  ["OPENAI_BASE_URL", "models.example/v1"],
  ["OPENAI_BASE_URL", "ftp://models.example"],
  ["OPENAI_BASE_URL", "https://user:secret@models.example"],
  ["OPENAI_API_KEY", "sk-secret\nx: y"],
  ["OPENAI_MODEL", ""],
  ["OPENAI_CONNECT_TIMEOUT", "10"],
  ["OPENAI_FIRST_TOKEN_TIMEOUT", "0s"],
  ["OPENAI_IDLE_TIMEOUT", "30d"],
  ["OPENAI_HISTORY_TURNS", "many"],
  ["OPENAI_HISTORY_CHARACTERS", "-1"],
])("a malformed %s (%j) is refused by name, without a secret", (variable, value) => {
  const read = () => openAiConfig({ ...base, [variable]: value });
  expect(read).toThrow(new RegExp(`^${variable} `));
  expect(read).not.toThrow(/secret/);
});
