import { startLocalSlack, tcpProxy } from "@amp/stack/testing";
import { pino } from "pino";
import { expect, test, vi } from "vitest";
import { clientOptions } from "../src/slack/api/client.js";
import type { SlackConfig } from "../src/slack/config.js";
import { SLOTS, type Slot, SocketSlots } from "../src/slack/door/slots.js";
import { SocketConnections } from "../src/slack/door/socket.js";
import { gatewayDatabase } from "./gateway-database.js";
import { slackProxy } from "./slack-proxy.js";

const logger = pino({ level: "silent" });
const SOON = { timeout: 60_000 };
const post = { channel: "C0GENERAL", user: "U0ADA" };

/** The locks of slots; the server has the databases of other tests, too. */
const OURS = `locktype = 'advisory' and classid = $1 and granted
  and database = (select oid from pg_database where datname = current_database())`;

test("eight slots over all gateways, which move when their holder is gone", async () => {
  await using database = await gatewayDatabase();
  const never = new AbortController().signal;
  const gateways = Array.from({ length: 6 }, () => new SocketSlots(database.options, logger));
  const taken: Slot[] = [];
  const asked = gateways.flatMap((gateway) =>
    [1, 2].map(() => gateway.take(never).then((slot) => void taken.push(slot))),
  );
  await vi.waitFor(() => expect(taken).toHaveLength(SLOTS), SOON);
  const held = `select objid from pg_locks where ${OURS}`;
  const locks = async () => (await database.pool.query(held, [0x616d71])).rows.length;
  expect(await locks()).toBe(SLOTS);

  // Released, and killed.
  await taken[0]?.release();
  await vi.waitFor(() => expect(taken).toHaveLength(SLOTS + 1), SOON);
  expect(await locks()).toBe(SLOTS);
  for (const slot of taken.slice(1)) await slot.release();
  await Promise.all(asked);
  for (const gateway of gateways) await gateway[Symbol.asyncDispose]();
  expect(await locks()).toBe(0);
});

test("a slot whose lock is taken by another is lost; one whose connection broke is regained", async () => {
  await using database = await gatewayDatabase();
  await using slots = new SocketSlots(database.options, logger);
  const never = new AbortController().signal;
  const slot = await slots.take(never);
  const mine = `select pg_terminate_backend(pid) from pg_locks where ${OURS}`;
  const held = `select from pg_locks where ${OURS}`;
  await database.pool.query(mine, [0x616d71]);
  await vi.waitFor(async () => {
    expect((await database.pool.query(held, [0x616d71])).rowCount).toBe(1);
  }, SOON);
  expect(slot.lost.aborted).toBe(false);

  const thief = await database.pool.connect();
  await thief.query("select pg_advisory_lock($1, 1)", [1]);
  await database.pool.query(`${mine} and pid <> pg_backend_pid()`, [0x616d71]);
  await thief.query("select pg_advisory_lock($1, 1)", [0x616d71]);
  await vi.waitFor(() => expect(slot.lost.aborted).toBe(true), SOON);
  thief.release(true);
});

test("a connection that goes mute is found and replaced, and so is one that never says hello", async () => {
  await using slack = await startLocalSlack();
  await using line = await tcpProxy(slack.url);
  const base = clientOptions({ apiUrl: slack.apiUrl } as SlackConfig, logger);
  // The Web API is reached directly, the sockets by the line.
  const through = async (url: string | URL | Request, init?: RequestInit) => {
    const text = await (await fetch(url, init)).text();
    const port = new URL(line.url).port;
    return new Response(text.replace(/(ws:\/\/[^:/"]+):\d+/, `$1:${port}`));
  };
  const accepted: string[] = [];
  await using connections = new SocketConnections({
    appToken: slack.app.appToken,
    clientOptions: { ...base, fetch: through as NonNullable<typeof base.fetch> },
    accept: async (body) => void accepted.push(JSON.stringify(body)),
    logger,
  });
  await vi.waitFor(() => expect(connections.connected).toBe(2), SOON);
  line.mute();
  await vi.waitFor(() => expect(connections.connected).toBe(0), { timeout: 90_000, interval: 250 });
  line.restore();
  await vi.waitFor(() => expect(connections.connected).toBe(2), { timeout: 90_000, interval: 250 });
  await vi.waitFor(async () => {
    await slack.message({ ...post, text: "back" });
    expect(accepted.join()).toContain('"text":"back"');
  }, SOON);
}, 200_000);

test("Slack's limit of new connections is kept to", async () => {
  await using slack = await startLocalSlack();
  await using proxy = await slackProxy(slack.apiUrl);
  proxy.fail("apps.connections.open", "limited", 2);
  const options = clientOptions({ apiUrl: proxy.apiUrl } as SlackConfig, logger);
  const { appToken } = slack.app;
  const accept = async () => {};
  await using connections = new SocketConnections({
    appToken,
    clientOptions: options,
    accept,
    logger,
  });
  await vi.waitFor(() => expect(connections.connected).toBe(2), SOON);
});
