import { type Backend, parseConfig as backendConfig, startBackend } from "@amp/backend-service";
import { type Gateway, parseConfig as gatewayConfig, startGateway } from "@amp/gateway";
import { type TestDatabase, testDatabase } from "@amp/stack/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { healthCases } from "../src/gateway/cases/health.js";
import { sessionCases } from "../src/gateway/cases/session.js";
import { slackCases } from "../src/gateway/cases/slack.js";
import { describeGatewayContract } from "../src/gateway/register.js";

const ALL = { withBackend: true, abilities: ["asks", "thinks", "tools"] } as const;

describe("our gateway, without Slack", () => {
  describeGatewayContract("web chat", ALL, boot({}));
});

describe("our gateway, with Slack", () => {
  const slack = { SLACK_BOT_TOKEN: "xoxb-any", SLACK_SIGNING_SECRET: "any" };
  const target = boot(slack);
  const cases = [...healthCases, ...sessionCases, ...slackCases];
  describeGatewayContract("web chat and Slack", ALL, target, cases);
  // The suite takes it for granted that Slack is off where its routes are not there.
  test("its Slack routes are there", async () => {
    const { status } = await fetch(`${target().url}/slack/events`, { method: "POST" });
    expect(status).toBe(401);
  });
});

/** Starts our gateway and a backend for the cases of the surrounding block; returns where they listen. */
function boot(settings: Record<string, string>) {
  let database: TestDatabase;
  let backend: Backend;
  let gateway: Gateway;
  beforeAll(async () => {
    database = await testDatabase();
    const common = { DATABASE_URL: database.url, LOG_LEVEL: "error" };
    backend = await startBackend(backendConfig({ ...common, BACKEND_LISTEN: "127.0.0.1:0" }));
    gateway = await startGateway(
      gatewayConfig({
        ...common,
        ...{ GATEWAY_LISTEN: "127.0.0.1:0", BACKEND_URL: backend.address },
        ...settings,
      }),
    );
  });
  afterAll(async () => {
    await gateway?.[Symbol.asyncDispose]();
    await backend?.[Symbol.asyncDispose]();
    await database?.[Symbol.asyncDispose]();
  });
  return () => ({ url: gateway.url, backend: { address: backend.address } });
}
