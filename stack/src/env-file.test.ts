import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { SettingError } from "@amp/service";
import { afterEach, beforeEach, expect, test } from "vitest";
import { withEnvFile } from "./env-file.js";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), "amp env "));
});
afterEach(() => rmSync(dir, { recursive: true }));

function fileWith(text: string): string {
  const file = path.join(dir, ".env");
  writeFileSync(file, text);
  return file;
}

test("a file adds what is not set, with comments, quotes, spaces and letters of every kind", () => {
  const file = fileWith(
    '# a comment\nOPENAI_MODEL=llama3.2\n\nOPENAI_SYSTEM_PROMPT="Antworte auf Österreichisch, # auch das"\nexport TURN_TIMEOUT=5m\nEMPTY=\n',
  );
  expect(withEnvFile({ HOME: "/home/ada" }, file)).toEqual({
    HOME: "/home/ada",
    OPENAI_MODEL: "llama3.2",
    OPENAI_SYSTEM_PROMPT: "Antworte auf Österreichisch, # auch das",
    TURN_TIMEOUT: "5m",
    EMPTY: "",
  });
});

test("what is set in the environment wins, also when it is empty", () => {
  const file = fileWith("SLACK_BOT_TOKEN=xoxb-file\nSLACK_APP_TOKEN=xapp-file\n");
  const env = { SLACK_BOT_TOKEN: "xoxb-set", SLACK_APP_TOKEN: "" };
  expect(withEnvFile(env, file)).toEqual(env);
});

test("no file adds nothing; one that cannot be read is an error with its name", () => {
  expect(withEnvFile({ A: "1" }, path.join(dir, "none"))).toEqual({ A: "1" });
  expect(() => withEnvFile({}, dir)).toThrow(SettingError);
  expect(() => withEnvFile({}, dir)).toThrow(dir);
});
