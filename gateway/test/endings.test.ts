import { type TcpProxy, tcpProxy } from "@amp/stack/testing";
import { describe, expect, test, vi } from "vitest";
import { parseConfig, startGateway } from "../src/index.js";
import {
  active,
  allChecked,
  allReleased,
  endElsewhere,
  notices,
  SOON,
  sessionOf,
} from "./endings-system.js";
import { metric } from "./metric.js";
import { BOB, GENERAL, startSlackSystem } from "./slack-system.js";
import { type System, startSystem } from "./web-system.js";

test("a session that was ended elsewhere: both surfaces let go within two seconds, and say so once", async () => {
  await using system = await startSlackSystem({ SLACK_MAX_SESSIONS_PER_USER: "1" });
  const thread = await system.begin("tea");
  const web = await system.web.begin();
  await using events = await system.web.events();
  await endElsewhere(system, await sessionOf(system, thread), web);
  expect(await allReleased(system)).toBeLessThan(20_000);

  // In Slack the thread is told, once; the slot is free.
  await vi.waitFor(async () => expect(await notices(system, thread)).toBe(1), SOON);
  await system.slack.message({ channel: GENERAL, user: BOB, text: "hello?", thread_ts: thread });
  await vi.waitFor(async () => {
    const said = (await system.slack.messages(GENERAL)).find(({ text }) => text === "hello?");
    expect(said?.reactions).toMatchObject([{ name: "no_entry_sign" }]);
  }, SOON);
  await system.begin("more tea");
  expect(await notices(system, thread)).toBe(1);

  // On the web the list shows it, and whoever asks for the active one is told, once.
  await expect
    .poll(() => events.list())
    .toMatchObject([{ session_id: web, state: "ended", is_active: false }]);
  const message = async () => (await system.web.get("/session")).body["message"];
  expect(await message()).toBe("Previous session ended. Start a new one.");
  expect(await message()).toBe("No active session. Click 'New Session' to start.");

  const { url } = system.gateway;
  for (const surface of ["slack", "web"]) {
    const labels = { surface, found_by: "feed" };
    expect(await metric(url, "amp_mappings_deactivated_total", labels)).toBe(1);
  }
  expect(await metric(url, "amp_zombie_mapping_age_seconds")).toBe(0);
  expect(await metric(url, "amp_endings_feed_connected")).toBe(1);
});

describe("what ended while no gateway ran", () => {
  const settings = (system: System) =>
    parseConfig({ ...system.settings, GATEWAY_LISTEN: "127.0.0.1:0" });

  async function stopped(): Promise<System & { sessions: string[] }> {
    const system = await startSystem();
    const sessions: string[] = [];
    for (let n = 0; n < 3; n++) sessions.push(await system.web.begin());
    await allChecked(system);
    await expect.poll(() => metric(system.gateway.url, "amp_endings_feed_connected")).toBe(1);
    await system.gateway[Symbol.asyncDispose]();
    return { ...system, sessions };
  }

  test("is let go of after the start, from the stored cursor", async () => {
    await using system = await stopped();
    const [one = "", ...others] = system.sessions;
    await endElsewhere(system, ...others);
    await using _gateway = await startGateway(settings(system));
    await vi.waitFor(async () => expect(await active(system)).toEqual([one]), {
      ...SOON,
      timeout: 60_000,
    });
  });

  test.each([
    ["forgotten by the feed", "delete from amp_backend.endings"],
    ["after a cursor that means nothing", "update endings_cursor set cursor = 'nonsense'"],
    [
      "unknown altogether",
      "delete from amp_backend.endings; delete from amp_backend.sessions where state = 'ended'",
    ],
  ])("is found by a sweep when %s", async (_name, sql) => {
    await using system = await stopped();
    const [one = "", ...others] = system.sessions;
    await endElsewhere(system, ...others);
    await system.pool.query(sql);
    await using gateway = await startGateway(settings(system));
    await expect.poll(() => active(system)).toEqual([one]);
    const swept = { surface: "web", found_by: "sweep" };
    await expect.poll(() => metric(gateway.url, "amp_mappings_deactivated_total", swept)).toBe(2);
    await expect.poll(() => metric(gateway.url, "amp_endings_feed_connected")).toBe(1);
    await endElsewhere(system, one);
    expect(await allReleased(system)).toBeLessThan(20_000);
  });
});

test("is followed on after restarts of the backend", async () => {
  await using system = await startSystem();
  for (let n = 0; n < 3; n++) {
    const sessionId = await system.web.begin();
    await system.backend.stop();
    await expect.poll(() => metric(system.gateway.url, "amp_endings_feed_connected")).toBe(0);
    await system.backend.start();
    await endElsewhere(system, sessionId);
    expect(await allReleased(system)).toBeLessThan(20_000);
  }
});

test("is followed on after the gateway's database was away", async () => {
  let line: TcpProxy | undefined;
  await using system = await startSystem({}, async (url) => {
    line = await tcpProxy(url);
    return line.url;
  });
  if (!line) throw new Error("no line");
  await using proxy = line;
  const sessionId = await system.web.begin();
  await expect.poll(() => metric(system.gateway.url, "amp_endings_feed_connected")).toBe(1);

  proxy.cut();
  await endElsewhere(system, sessionId);
  await expect
    .poll(() => metric(system.gateway.url, "amp_zombie_mapping_age_seconds"))
    .toBeGreaterThan(0.2);
  expect(await active(system)).toEqual([sessionId]);
  proxy.restore();
  expect(await allReleased(system)).toBeLessThan(20_000);
  await expect.poll(() => metric(system.gateway.url, "amp_zombie_mapping_age_seconds")).toBe(0);
});
