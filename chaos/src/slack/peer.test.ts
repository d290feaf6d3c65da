/** The stand-in, spoken to by Slack's own libraries. */
import { SocketModeClient } from "@slack/socket-mode";
import { WebClient } from "@slack/web-api";
import { afterEach, beforeEach, expect, test } from "vitest";
import { APP, BOT, CHANNELS, USERS } from "./identity.js";
import { SlackPeer } from "./peer.js";

const [channel] = CHANNELS;
const [user] = USERS;
let slack: SlackPeer;
let client: WebClient;
const quiet = { debug() {}, info() {}, warn() {}, error() {}, setLevel() {}, setName() {} };
const logger = { ...quiet, getLevel: () => "error" as never };

beforeEach(async () => {
  slack = await SlackPeer.start();
  client = webClient(BOT.token);
});

afterEach(() => slack[Symbol.asyncDispose]());

function options() {
  const slackApiUrl = `http://127.0.0.1:${slack.port}/api/`;
  return { slackApiUrl, retryConfig: { retries: 0 }, rejectRateLimitedCalls: true, logger };
}

function webClient(token: string): WebClient {
  return new WebClient(token, options());
}

/** A connection of Socket Mode that notes what it is told, and acknowledges that. */
async function connected(acknowledges = true) {
  const socket = new SocketModeClient({
    appToken: APP.token,
    autoReconnectEnabled: false,
    clientOptions: options(),
    logger,
  });
  const told: unknown[] = [];
  socket.on("slack_event", async ({ body, ack }: { body: unknown; ack: () => Promise<void> }) => {
    told.push(body);
    if (acknowledges) await ack();
  });
  await socket.start();
  return { socket, told };
}

const delivery = { type: "events_api", payload: { event: { type: "message" } } } as const;

test("it posts, shows and finds what it posted", async () => {
  const { ts = "" } = await client.chat.postMessage({ channel, text: "root" });
  await client.chat.postMessage({ channel, text: "reply", thread_ts: ts });
  const { messages } = await client.conversations.replies({ channel, ts });
  expect(messages?.map(({ text }) => text)).toEqual(["root", "reply"]);
});

test("it refuses what Slack refuses, and counts that", async () => {
  await expect(client.chat.postMessage({ channel: "C0NONE", text: "x" })).rejects.toThrow(
    "channel_not_found",
  );
  await expect(
    client.chat.postMessage({ channel, text: "x", thread_ts: "1.000001" }),
  ).rejects.toThrow("thread_not_found");
  await expect(client.chat.postMessage({ channel, text: "x".repeat(40_001) })).rejects.toThrow(
    "msg_too_long",
  );
  expect([...slack.refusals.keys()]).toEqual([
    "channel_not_found",
    "thread_not_found",
    "msg_too_long",
  ]);
  await expect(webClient("xoxb-other").auth.test()).rejects.toThrow("invalid_auth");
});

test("what is posted to a person is in the direct messages with them", async () => {
  const { channel: direct } = await client.chat.postMessage({ channel: user, text: "x" });
  expect(direct).toMatch(/^D/);
  const { messages } = await client.conversations.history({ channel: direct ?? "" });
  expect(messages?.map(({ text }) => text)).toEqual(["x"]);
});

test("it tells of people and conversations", async () => {
  const { user: found } = await client.users.info({ user });
  expect(found).toMatchObject({ id: user, is_bot: false, is_restricted: false });
  const { channel: info } = await client.conversations.info({ channel });
  expect(info).toMatchObject({ id: channel, is_private: false, is_member: true });
  const { members } = await client.conversations.members({ channel });
  expect(members).toContain(user);
});

test("while it refuses the token every call is refused, and afterwards none", async () => {
  const refusing = slack.misbehave("refusing", 500);
  await expect(client.auth.test()).rejects.toThrow(/invalid_auth|token_revoked|account_inactive/);
  await expect(connected()).rejects.toThrow(/invalid_auth|token_revoked|account_inactive/);
  await refusing;
  expect(await client.auth.test()).toMatchObject({ user_id: BOT.id });
});

test("a post that is shown late is not found at first", async () => {
  const { ts = "" } = await client.chat.postMessage({ channel, text: "root" });
  slack.workspace.lateness = 60_000;
  await client.chat.postMessage({ channel, text: "late", thread_ts: ts });
  const shown = async () => (await client.conversations.replies({ channel, ts })).messages?.length;
  expect(await shown()).toBe(1);
  slack.workspace.lateness = 0;
  expect(await shown()).toBe(2);
});

test("Socket Mode: a delivery is acknowledged, also a long one", async () => {
  const { socket, told } = await connected();
  expect(await slack.sockets.deliver(delivery, 0, () => 0)).toBe(true);
  const long = { type: "interactive", payload: { text: "é".repeat(70_000) } } as const;
  expect(await slack.sockets.deliver(long, 0, () => 0)).toBe(true);
  expect(told).toEqual([delivery.payload, long.payload]);
  await socket.disconnect();
  await expect.poll(() => slack.sockets.count).toBe(0);
});

test("Socket Mode: what is not acknowledged has failed", async () => {
  const { socket } = await connected(false);
  expect(await slack.sockets.deliver(delivery, 0, () => 0)).toBe(false);
  await socket.disconnect();
});

test.each([0, 1])(
  "Socket Mode: a connection that is renewed ends (variant %i)",
  async (variant) => {
    const { socket } = await connected();
    const ended = new Promise((resolve) => socket.once("disconnected", resolve));
    await slack.sockets.renew(variant, 0);
    await ended;
    expect(slack.sockets.count).toBe(0);
  },
);

test("Socket Mode: a silent connection loses what is delivered, and its app gives it up", async () => {
  const { told } = await connected();
  const silent = slack.sockets.silence(1_000);
  expect(await slack.sockets.deliver(delivery, 0, () => 0)).toBe(false);
  expect(told).toEqual([]);
  await silent;
  expect(slack.sockets.silences).toHaveLength(1);
  await expect.poll(() => slack.sockets.silences[0]?.noticed).toBeDefined();
});

test("Socket Mode: an app has at most ten connections, and each address is good once", async () => {
  const sockets = await Promise.all(Array.from({ length: 10 }, () => connected()));
  await expect(connected()).rejects.toThrow();
  expect(slack.sockets.count).toBe(10);
  await Promise.all(sockets.map(({ socket }) => socket.disconnect()));
});
