import { freePort, startLocalSlack } from "@amp/stack/testing";
import { pino } from "pino";
import { expect, test, vi } from "vitest";
import { clientOptions, sdkLogger } from "../src/slack/api/client.js";
import type { SlackConfig } from "../src/slack/config.js";
import { EnvelopeClient, SocketConnections } from "../src/slack/door/socket.js";
import { slackProxy } from "./slack-proxy.js";

const logger = pino({ level: "silent" });
const post = { channel: "C0GENERAL", user: "U0ADA" };

test("connections come back after errors of Slack, and after Slack was away", async () => {
  const port = await freePort();
  const first = await startLocalSlack({ port });
  await using proxy = await slackProxy(first.apiUrl);
  // Each ends the process if the client reconnects by itself.
  for (const fault of ["down", "invalid_auth", "limited"]) {
    proxy.fail("apps.connections.open", fault);
  }
  const accepted: string[] = [];
  const accept = async (body: unknown) => void accepted.push(JSON.stringify(body));
  const options = clientOptions({ apiUrl: proxy.apiUrl } as SlackConfig, logger);
  const { appToken } = first.app;
  await using _connections = new SocketConnections({
    appToken,
    clientOptions: options,
    accept,
    logger,
  });
  const opened = () => proxy.calls("apps.connections.open").length;
  await vi.waitFor(() => expect(opened()).toBe(2), { timeout: 60_000 });
  await vi.waitFor(async () => {
    await first.message({ ...post, text: "hello" });
    expect(accepted.join()).toContain('"text":"hello"');
  });

  await first[Symbol.asyncDispose]();
  await using second = await startLocalSlack({ port });
  await vi.waitFor(
    async () => {
      await second.message({ ...post, text: "again" });
      expect(accepted.join()).toContain('"text":"again"');
    },
    { timeout: 60_000, interval: 500 },
  );
});

test("what cannot be stored is not acknowledged", async () => {
  await using slack = await startLocalSlack();
  const options = clientOptions({ apiUrl: slack.apiUrl } as SlackConfig, logger);
  const accept = vi.fn(async () => {
    throw new Error("no database");
  });
  await using _connections = new SocketConnections({
    appToken: slack.app.appToken,
    clientOptions: options,
    accept,
    logger,
  });
  await vi.waitFor(
    async () => {
      await slack.message({ ...post, text: "hello" });
      expect(accept).toHaveBeenCalled();
    },
    { timeout: 60_000 },
  );
  const acks = (await slack.log()).filter(({ kind }) => kind === "ack");
  expect(acks).toEqual([]);
});

test.each([
  '{"envelope_id":"1","type":"events_api","payload":{"type":"app_rate_limited","team_id":"T1"}}',
  "null",
  "no JSON",
])("an envelope without an event ends nothing: %s", async (text) => {
  const client = new EnvelopeClient({ appToken: "xapp-1", logger: sdkLogger(logger) }, logger);
  const received: unknown[] = [];
  client.on("slack_event", ({ envelope_id, body }) => received.push([envelope_id, body.type]));
  // What the library's own handler throws here, nobody catches: the run would fail.
  client.emit("ws_message", text, false);
  await new Promise((resolve) => setImmediate(resolve));
  expect(received).toEqual(text.startsWith("{") ? [["1", "app_rate_limited"]] : []);
});
