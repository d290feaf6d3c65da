import { createHmac } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import { startEmulate, startLocalSlack } from "@amp/stack/testing";
import { expect, test, vi } from "vitest";

interface Delivery {
  headers: IncomingHttpHeaders;
  body: string;
}

/** A request URL that accepts everything. */
async function receiver() {
  const deliveries: Delivery[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on("end", () => {
      deliveries.push({ headers: request.headers, body });
      response.end();
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (!address || typeof address === "string") throw new Error("no port");
  return {
    url: `http://127.0.0.1:${address.port}/slack/events`,
    deliveries,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function expectSigned({ headers, body }: Delivery, secret: string) {
  const base = `v0:${String(headers["x-slack-request-timestamp"])}:${body}`;
  const signature = createHmac("sha256", secret).update(base).digest("hex");
  expect(headers["x-slack-signature"]).toBe(`v0=${signature}`);
}

test("the local Slack posts signed events and commands, and keeps what the app says", async () => {
  await using app = await receiver();
  await using slack = await startLocalSlack({ requestUrl: app.url });
  const asked = await slack.message({ channel: "C0GENERAL", user: "U0ADA", text: "hi <@U0AMP>" });
  await slack.command({ channel: "C0GENERAL", user: "U0ADA", command: "/amp", text: "new" });

  await vi.waitFor(() => expect(app.deliveries).toHaveLength(3));
  const bodies = app.deliveries.map(({ body }) => body).join("\n");
  expect(bodies).toContain('"type":"app_mention"');
  expect(bodies).toContain("command=%2Famp&text=new");
  for (const delivery of app.deliveries) expectSigned(delivery, slack.app.signingSecret);

  await fetch(`${slack.apiUrl}chat.postMessage`, {
    method: "POST",
    headers: { authorization: `Bearer ${slack.app.botToken}` },
    body: new URLSearchParams({ channel: "C0GENERAL", text: "hello", thread_ts: asked.ts }),
  });
  const messages = await slack.messages("C0GENERAL");
  expect(messages.map(({ text }) => text)).toEqual(["hi <@U0AMP>", "hello"]);
});

test("the local Slack has Socket Mode", async () => {
  await using slack = await startLocalSlack();
  const response = await fetch(`${slack.apiUrl}apps.connections.open`, {
    method: "POST",
    headers: { authorization: `Bearer ${slack.app.appToken}` },
  });
  const { url } = (await response.json()) as { url: string };
  expect(url).toMatch(/^ws:\/\/127\.0\.0\.1:/);
});

test("emulate posts signed events, and keeps what the app says with its metadata", async () => {
  await using app = await receiver();
  await using slack = await startEmulate({ requestUrl: app.url });
  await using other = await startEmulate();
  const ts = await slack.post(slack.channels.general, "hi");
  await other.post(other.channels.general, "not for the app");

  expect(app.deliveries.map(({ body }) => body).join()).toContain('"text":"hi"');
  expect(app.deliveries.map(({ body }) => body).join()).not.toContain("not for the app");
  for (const delivery of app.deliveries) expectSigned(delivery, slack.app.signingSecret);

  const metadata = JSON.stringify({ event_type: "amp_reply", event_payload: { id: "1" } });
  const reply = { channel: slack.channels.general, text: "hello", thread_ts: ts, metadata };
  await slack.call("chat.postMessage", reply, slack.app.botToken);
  const { messages } = await slack.call("conversations.replies", {
    channel: slack.channels.general,
    ts,
    include_all_metadata: "true",
  });
  expect(messages).toMatchObject([
    { text: "hi", user: slack.user },
    { text: "hello", user: slack.app.botUserId, metadata: { event_payload: { id: "1" } } },
  ]);
});
