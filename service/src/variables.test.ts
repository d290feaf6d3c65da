import { expect, test } from "vitest";
import { unknownVariables, unknownVariableWarning, VARIABLES } from "./variables.js";

test.each([
  ["OPENAI_BASEURL", "OPENAI_BASE_URL"],
  ["openai_base_url", "OPENAI_BASE_URL"],
  ["SLACK_BOTTOKEN", "SLACK_BOT_TOKEN"],
  ["SLACK_SIGNING_SECRETS", "SLACK_SIGNING_SECRET"],
  ["GATEWAY_LISTENS", "GATEWAY_LISTEN"],
  ["BACKEND_TOKENZ", "BACKEND_TOKENS"],
  ["WORKSPACE_ROOT", "WORKSPACE_ROOTS"],
  ["TURN_TIMOUT", "TURN_TIMEOUT"],
  ["SESSION_IDLE_TTLL", "SESSION_IDLE_TTL"],
  ["DATABASE_URI", "DATABASE_URL"],
  ["LOGLEVEL", "LOG_LEVEL"],
  ["AMP_DATADIR", "AMP_DATA_DIR"],
])("%s is taken for a misspelt %s", (name, nearest) => {
  expect(unknownVariables({ [name]: "1" })).toEqual([{ name, nearest }]);
});

test("a name of our families that comes close to none is told without a guess", () => {
  const [unknown] = unknownVariables({ SLACK_LIGATURE_ENTHUSIASM: "1" });
  expect(unknown).toEqual({ name: "SLACK_LIGATURE_ENTHUSIASM", nearest: undefined });
  expect(unknown && unknownVariableWarning(unknown)).toBe(
    "SLACK_LIGATURE_ENTHUSIASM is not a setting of Amp Bridge: README.md lists them",
  );
});

test.each([
  "PATH",
  "HOME",
  "SESSION_MANAGER",
  "WEB_CONCURRENCY",
  "NODE_OPTIONS",
  "PGPASSWORD",
  "BACKEND_SERVICE_HOST",
  "GATEWAY_PORT_3000_TCP_ADDR",
  "GATEWAY_SERVICE_PORT_HTTP",
])("%s belongs to others", (name) => expect(unknownVariables({ [name]: "1" })).toEqual([]));

test("our own settings are known, and each stands once", () => {
  const names = Object.values(VARIABLES).flat();
  expect(unknownVariables(Object.fromEntries(names.map((name) => [name, "1"])))).toEqual([]);
  expect(new Set(names).size).toBe(names.length);
});
