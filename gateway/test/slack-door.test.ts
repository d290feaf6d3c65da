import { freePort } from "@amp/stack/testing";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { deliver, event } from "./slack-deliver.js";
import { ADA, BOT, GENERAL, type SlackSystem, startSlackSystem } from "./slack-system.js";

let system: SlackSystem;
let url: string;
beforeAll(async () => {
  system = await startSlackSystem();
  url = system.gateway.url;
});
afterAll(() => system[Symbol.asyncDispose]());

const waiting = async () =>
  (await system.pool.query<{ count: number }>("select count(*) as count from slack_inbox")).rows[0]
    ?.count;

test.each([
  "/slack/events",
  "/apps/slack/events",
  "/apps/slack/interactive",
  "/apps/slack/commands/amp",
])("%s refuses whatever Slack did not sign just now", async (path) => {
  const challenge = { type: "url_verification", challenge: "abc" };
  const old = { "x-slack-request-timestamp": String(Math.floor(Date.now() / 1_000) - 400) };
  const soon = { "x-slack-request-timestamp": String(Math.floor(Date.now() / 1_000) + 400) };
  const forged = { "x-slack-signature": "v0=00" };
  for (const headers of [old, soon, forged, { "x-slack-signature": "" }]) {
    for (const body of [challenge, "ssl_check=1", event({ type: "message" })]) {
      const response = await deliver(url + path, body, headers);
      expect(response.status).toBe(401);
      expect(await response.json()).toEqual({ error: "Invalid signature" });
    }
  }
  expect((await fetch(url + path, { method: "POST" })).status).toBe(401);
  expect(await waiting()).toBe(0);
});

test("a url is verified, and a certificate checked", async () => {
  const challenge = { type: "url_verification", challenge: "abc" };
  const response = await deliver(`${url}/slack/events`, challenge);
  expect(await response.json()).toEqual({ challenge: "abc" });
  expect((await deliver(`${url}/slack/events`, "ssl_check=1&token=x")).status).toBe(200);
  expect(
    (await deliver(`${url}/slack/events`, "{".repeat(3), { "content-type": "application/json" }))
      .status,
  ).toBe(400);
});

test("what is none of ours is acknowledged and not stored", async () => {
  for (const fields of [
    { type: "reaction_added", user: ADA },
    { type: "message", channel: GENERAL, user: "U0AMP", bot_id: "B1", text: "own", ts: "1.1" },
    { type: "message", subtype: "message_deleted", channel: GENERAL, ts: "1.1" },
  ]) {
    const response = await deliver(`${url}/slack/events`, event(fields));
    expect(await response.json()).toEqual({ ok: true });
  }
  expect(await waiting()).toBe(0);
});

test("the original's command route takes the command's word from its path", async () => {
  const form = `command=%2Fother&team_id=T0LOCAL&channel_id=${GENERAL}&user_id=${ADA}&trigger_id=t1`;
  const response = await deliver(`${url}/apps/slack/commands/config`, form);
  expect([response.status, await response.text()]).toEqual([200, ""]);
  await vi.waitFor(async () => {
    const texts = (await system.slack.messages(GENERAL)).map(({ text }) => text);
    expect(texts).toContainEqual(expect.stringContaining("*Bridge Configuration:*"));
  });
});

test("status and sessions are for this machine", async () => {
  const thread = await system.begin("tea");
  const status = async () => (await fetch(`${url}/apps/slack/status`)).json();
  await expect.poll(status).toEqual({
    status: "ok",
    mode: "events-api",
    hub_channel: "",
    active_sessions: 1,
    is_configured: true,
  });
  const sessions = (await (await fetch(`${url}/apps/slack/sessions`)).json()) as object[];
  expect(sessions).toEqual([
    {
      session_id: expect.stringMatching(/^.{36}$/),
      channel_id: GENERAL,
      thread_ts: thread,
      project_id: expect.any(String),
      description: "tea",
      created_by: ADA,
      is_active: true,
    },
  ]);
});

test("a delivery that cannot be stored is not acknowledged, and comes in when sent again", async () => {
  const delivery = event({
    type: "app_mention",
    channel: GENERAL,
    user: ADA,
    text: `${BOT} confgi`,
    ts: "1700000000.000100",
  });
  await system.pool.query("alter table slack_inbox rename to away");
  const refused = await deliver(`${url}/slack/events`, delivery);
  await system.pool.query("alter table away rename to slack_inbox");
  expect(refused.status).toBe(503);
  const retry = { "x-slack-retry-num": "1", "x-slack-retry-reason": "http_error" };
  expect((await deliver(`${url}/slack/events`, delivery, retry)).status).toBe(200);
  await vi.waitFor(async () => {
    expect((await system.answers("1700000000.000100")).map(({ text }) => text)).toEqual([
      "Unknown command: `confgi`. Did you mean `config`?",
    ]);
  });
});

test("the inbox is measured", async () => {
  const metrics = await (await fetch(`${url}/metrics`)).text();
  for (const name of ["waiting", "oldest_seconds", "dead"]) {
    expect(metrics).toMatch(new RegExp(`^amp_slack_inbox_${name} \\d`, "m"));
  }
});

test("SLACK_LISTEN takes deliveries, and has nothing else", async () => {
  const port = await freePort();
  await using other = await startSlackSystem({ SLACK_LISTEN: `127.0.0.1:${port}` });
  const outside = `http://127.0.0.1:${port}`;
  const challenge = { type: "url_verification", challenge: "abc" };
  const response = await deliver(`${outside}/slack/events`, challenge);
  expect(await response.json()).toEqual({ challenge: "abc" });
  for (const path of ["/", "/apps/web-chat/api/session", "/apps/slack/sessions", "/metrics"]) {
    expect((await fetch(outside + path)).status).toBe(404);
    expect((await fetch(other.gateway.url + path)).status).toBe(200);
  }
});
