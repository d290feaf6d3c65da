import { describe, expect, test } from "vitest";
import { healthCases } from "../src/gateway/cases/health.js";
import { sessionCases } from "../src/gateway/cases/session.js";
import { slackCases } from "../src/gateway/cases/slack.js";
import { describeGatewayContract } from "../src/gateway/register.js";
import { bootGateway } from "./boot-gateway.js";

const ALL = { withBackend: true, abilities: ["asks", "thinks", "tools"] } as const;

describe("our gateway, without Slack", () => {
  describeGatewayContract("web chat", ALL, bootGateway({}));
});

describe("our gateway, with Slack", () => {
  const slack = { SLACK_BOT_TOKEN: "xoxb-any", SLACK_SIGNING_SECRET: "any" };
  const target = bootGateway(slack);
  const cases = [...healthCases, ...sessionCases, ...slackCases];
  describeGatewayContract("web chat and Slack", ALL, target, cases);
  // The suite takes it for granted that Slack is off where its routes are not there.
  test("its Slack routes are there", async () => {
    const { status } = await fetch(`${target().url}/slack/events`, { method: "POST" });
    expect(status).toBe(401);
  });
});
