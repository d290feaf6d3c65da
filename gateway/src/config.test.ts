import { SettingError } from "@amp/service";
import { expect, test } from "vitest";
import { parseConfig } from "./config.js";

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
