import { expect, test } from "vitest";
import { parseConfig } from "./config.js";

const DATABASE_URL = "postgres://localhost/amp";
const parse = (env: Record<string, string>) => parseConfig({ DATABASE_URL, ...env });

test("the defaults are safe on one machine", () => {
  expect(parse({})).toMatchObject({
    listen: { host: "127.0.0.1", port: 50_051 },
    tokens: [],
    tls: undefined,
    openAi: undefined,
    workspaceRoots: [process.cwd()],
    turnTimeout: 1_800_000,
    turnSilenceTimeout: 600_000,
    sessionIdleTtl: 2_592_000_000,
    sessionRetention: 7_776_000_000,
    turnQueueLimit: 32,
    shutdownGrace: 10_000,
  });
});

test.each([
  ["DATABASE_URL", ""],
  ["DATABASE_URL", "mysql://x"],
  ["DATABASE_POOL_SIZE", "1"],
  ["LOG_LEVEL", "loud"],
  ["SHUTDOWN_GRACE", "10"],
  ["BACKEND_LISTEN", "50051"],
  ["TURN_TIMEOUT", "0s"],
  ["TURN_TIMEOUT", "3d"],
  ["TURN_SILENCE_TIMEOUT", "0s"],
  ["TURN_SILENCE_TIMEOUT", "3d"],
  ["MAX_RUNNING_TURNS", "0"],
  ["TURN_QUEUE_LIMIT", "0"],
  ["SESSION_IDLE_TTL", "0s"],
  ["SESSION_RETENTION", "30"],
])("%s=%s is refused by name", (variable, value) => {
  expect(() => parse({ [variable]: value })).toThrow(new RegExp(`^${variable} `));
});

test("an open listener needs to know its callers", () => {
  const open = { BACKEND_LISTEN: "0.0.0.0:50051", BACKEND_ADVERTISE: "10.0.0.1:50051" };
  expect(() => parse(open)).toThrow(/BACKEND_LISTEN .*BACKEND_TOKENS or BACKEND_TLS_CLIENT_CA/);
  const tls = { BACKEND_TLS_CERT: "c", BACKEND_TLS_KEY: "k" };
  expect(() => parse({ ...open, ...tls })).toThrow("BACKEND_TOKENS");
  expect(parse({ ...open, BACKEND_TOKENS: "t" }).tokens).toEqual([
    { caller: "token-1", token: "t" },
  ]);
  expect(parse({ ...open, ...tls, BACKEND_TLS_CLIENT_CA: "ca" }).tls?.clientCa).toBe("ca");
  expect(() => parse({ BACKEND_TLS_KEY: "k" })).toThrow(/^BACKEND_TLS_CERT /);
});

test("a token is a caller with a name", () => {
  const tokens = (text: string) => parse({ BACKEND_TOKENS: text }).tokens;
  expect(tokens("slack-gateway:one, cli : two:2, three,")).toEqual([
    { caller: "slack-gateway", token: "one" },
    { caller: "cli", token: "two:2" },
    { caller: "token-3", token: "three" },
  ]);
  // While a token is replaced, its caller has two.
  expect(tokens("cli:old,cli:new")).toHaveLength(2);
  const secret = "s3cret";
  for (const wrong of [
    `:${secret}`,
    "cli:",
    `a b:${secret}`,
    `\u00e4:${secret}`,
    `cli:${secret} ${secret}`,
    `cli:${secret}\u00e9`,
    `cli:${secret}${"x".repeat(4_096)}`,
    `cli:${secret},web:${secret}`,
    `${secret},cli:${secret}`,
  ]) {
    expect(() => tokens(wrong)).toThrow(/^BACKEND_TOKENS /);
    expect(() => tokens(wrong)).not.toThrow(secret);
  }
});

test("other replicas are told an address that they can connect to", () => {
  expect(parse({}).advertise).toBeUndefined();
  expect(parse({ BACKEND_ADVERTISE: "backend-1:50051" }).advertise).toBe("backend-1:50051");
  for (const wildcard of ["0.0.0.0:50051", "[::]:50051", "[0:0::0]:1", "0:1", "h:0", "h"]) {
    expect(() => parse({ BACKEND_ADVERTISE: wildcard })).toThrow(/^BACKEND_ADVERTISE /);
  }
  const open = { BACKEND_LISTEN: "[::]:50051", BACKEND_TOKENS: "t" };
  expect(() => parse(open)).toThrow(/^BACKEND_ADVERTISE is not set/);
});
