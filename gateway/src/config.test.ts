import { SettingError } from "@amp/service";
import { expect, test } from "vitest";
import { parseConfig } from "./config.js";
import { startGateway } from "./gateway.js";

const DATABASE_URL = "postgres://db/x";

test("needs only a database", () => {
  expect(parseConfig({ DATABASE_URL })).toMatchObject({
    listen: { host: "127.0.0.1", port: 3000 },
    databaseUrl: DATABASE_URL,
    shutdownGrace: 10_000,
    backend: { address: "127.0.0.1:50051", token: undefined },
    web: { auth: "local", retryWindow: 10_000 },
    slack: undefined,
  });
});

test("in a container, the published address decides who can reach it", () => {
  const env = { DATABASE_URL, GATEWAY_LISTEN: "0.0.0.0:3000" };
  const local = parseConfig({ ...env, GATEWAY_PUBLISHED_AS: "127.0.0.1:3000" });
  expect(local.listen.host).toBe("0.0.0.0");
  expect(() => parseConfig({ ...env, GATEWAY_PUBLISHED_AS: "0.0.0.0:80" })).toThrow(
    /^GATEWAY_PUBLISHED_AS is 0.0.0.0/,
  );
});

test.each([
  [{}, "DATABASE_URL is not set"],
  [{ DATABASE_URL, GATEWAY_LISTEN: "0.0.0.0:3000" }, "GATEWAY_LISTEN is 0.0.0.0"],
  [{ DATABASE_URL, GATEWAY_LISTEN: "3000" }, "GATEWAY_LISTEN must be host:port"],
  [{ DATABASE_URL, WEB_AUTH: "none" }, "WEB_AUTH must be one of local"],
  [{ DATABASE_URL, BACKEND_RETRY_WINDOW: "soon" }, "BACKEND_RETRY_WINDOW must be a duration"],
  [{ DATABASE_URL, SHUTDOWN_GRACE: "1" }, "SHUTDOWN_GRACE must be a duration"],
  [{ DATABASE_URL, LOG_LEVEL: "loud" }, "LOG_LEVEL must be one of"],
  [{ DATABASE_URL, SLACK_SIGNING_SECRET: "x" }, "SLACK_BOT_TOKEN is not set"],
])("%j is refused by name", (env, problem) => {
  expect(() => parseConfig(env)).toThrow(SettingError);
  expect(() => parseConfig(env)).toThrow(problem);
});

const SECRET = "s3cret";
const SLACK = { SLACK_BOT_TOKEN: "xoxb-1", SLACK_APP_TOKEN: "xapp-1" };

test.each([
  ["DATABASE_URL", `postgres//amp:${SECRET}@db/amp`],
  ["DATABASE_URL", `mysql://amp:${SECRET}@db/amp`],
  ["DATABASE_URL", `postgres://amp:${SECRET}#1@db/amp`],
  ["DATABASE_URL", `postgres://amp:12/${SECRET}@db/amp`],
  ["DATABASE_URL", `postgres://amp:${SECRET}%zz@db/amp`],
  ["DATABASE_URL", `amp:${SECRET}@db/amp`],
  ["DATABASE_URL", `postgres://amp:${SECRET}@db/amp#x`],
  ["BACKEND_URL", "http://127.0.0.1:50051"],
  ["BACKEND_URL", `grpc://me:${SECRET}@backend:50051`],
  ["BACKEND_URL", "backend"],
  ["BACKEND_URL", "backend:0"],
  ["BACKEND_URL", "backend:70000"],
  ["BACKEND_URL", "back end:50051"],
  ["BACKEND_URL", "::1:50051"],
  ["BACKEND_TOKEN", `${SECRET} ${SECRET}`],
  ["BACKEND_TOKEN", `${SECRET}\u00e4`],
  ["BACKEND_TOKEN", `${SECRET}\n${SECRET}`],
  ["BACKEND_TLS_KEY", "key.pem"],
  ["BACKEND_TLS_CERT", "cert.pem"],
  ["BACKEND_KEEPALIVE", "0s"],
  ["BACKEND_KEEPALIVE", "30d"],
  ["BACKEND_KEEPALIVE", "10"],
  ["GATEWAY_MONITOR_HOSTS", "metrics.example.com:80"],
  ["GATEWAY_MONITOR_HOSTS", "https://metrics.example.com"],
  ["SLACK_API_URL", "slack.com/api"],
  ["SLACK_API_URL", `ftp://${SECRET}@slack.com/api`],
  ["SLACK_BOT_TOKEN", `xapp-${SECRET}`],
  ["SLACK_BOT_TOKEN", `xoxp-${SECRET}`],
  ["SLACK_BOT_TOKEN", SECRET],
  ["SLACK_APP_TOKEN", `xoxb-${SECRET}`],
  ["SLACK_APP_TOKEN", SECRET],
])("%s=%s is refused by name, and a secret in it not repeated", (variable, value) => {
  const parse = () => parseConfig({ DATABASE_URL, ...SLACK, [variable]: value });
  const named = /^BACKEND_TLS/.test(variable) ? /^BACKEND_TLS_(CERT|KEY) / : `${variable} `;
  expect(parse).toThrow(SettingError);
  expect(parse).toThrow(named);
  expect(parse).not.toThrow(SECRET);
});

test.each([
  ["DATABASE_URL", "postgresql://amp:p%2Fw%23@db:5432/amp?sslmode=require"],
  ["DATABASE_URL", "postgres:///amp?host=/var/run/postgresql"],
  ["BACKEND_URL", "[::1]:50051"],
  ["BACKEND_URL", "backend-1.internal_net:443"],
  ["BACKEND_URL", "ipv4:10.0.0.1:50051,10.0.0.2:50051"],
  ["BACKEND_URL", "ipv6:[2001:db8::1]:50051,[2001:db8::2]:50051"],
  ["BACKEND_URL", "dns:backend:50051"],
  ["BACKEND_URL", "dns:///backend:50051"],
  ["BACKEND_URL", "unix:/run/backend.sock"],
  ["BACKEND_TOKEN", "a.b~c+d/e=="],
  ["SLACK_BOT_TOKEN", "xoxe.xoxb-1-2"],
  ["SLACK_API_URL", "https://slack-gov.com/api"],
])("%s=%s is taken", (variable, value) => {
  expect(() => parseConfig({ DATABASE_URL, ...SLACK, [variable]: value })).not.toThrow();
});

test("a stand-in of Slack may have tokens of any kind", () => {
  const env = { DATABASE_URL, SLACK_BOT_TOKEN: "bot", SLACK_APP_TOKEN: "app" };
  for (const url of ["http://127.0.0.1:1/api", "https://slack.com.evil.example/api/"]) {
    expect(parseConfig({ ...env, SLACK_API_URL: url }).slack).toMatchObject({ botToken: "bot" });
  }
  const { slack } = parseConfig({ ...env, SLACK_API_URL: "http://127.0.0.1:1/api///" });
  expect(slack?.apiUrl).toBe("http://127.0.0.1:1/api/");
});

test.each([
  ["BACKEND_TLS_CA", { BACKEND_TLS_CA: "/nowhere/ca.pem" }],
  ["BACKEND_TLS_CA", { BACKEND_TLS_CA: "package.json" }],
  ["BACKEND_TLS_CERT", { BACKEND_TLS_CERT: "/nowhere", BACKEND_TLS_KEY: "/nowhere" }],
  ["BACKEND_TLS_CERT", { BACKEND_TLS_CERT: "package.json", BACKEND_TLS_KEY: "package.json" }],
])("%s is read before anything is started", async (variable, files) => {
  // Nothing listens there: the database would be the next to fail.
  const config = parseConfig({ DATABASE_URL: "postgres://127.0.0.1:1/x", ...files });
  await expect(startGateway(config)).rejects.toThrow(
    new RegExp(`^${variable} cannot|^${variable} is no`),
  );
});
