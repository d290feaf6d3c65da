import { connectSessions } from "@amp/proto";
import { type TcpProxy, tcpProxy } from "@amp/stack/testing";
import { expect, test, vi } from "vitest";
import { deliver, event } from "./slack-deliver.js";
import { ADA, BOT, GENERAL, startSlackSystem } from "./slack-system.js";

test("a database that is lost in the middle of turns: each message is answered once, in order", async () => {
  let line: TcpProxy | undefined;
  await using system = await startSlackSystem({}, "http", async (url) => {
    line = await tcpProxy(url);
    return line.url;
  });
  if (!line) throw new Error("no line");
  await using proxy = line;

  const thread = await system.begin();
  const post = { channel: GENERAL, user: ADA, thread_ts: thread };
  await system.slack.message({ ...post, text: "slow 2 first" });
  await system.slack.message({ ...post, text: "second" });
  const backend = connectSessions(system.backend.address);
  await vi.waitFor(async () => {
    expect((await backend.list({})).sessions).toMatchObject([{ openTurns: 1 }]);
  });
  proxy.cut();
  const refused = await deliver(
    `${system.gateway.url}/slack/events`,
    event({ type: "message", channel: GENERAL, user: ADA, text: `${BOT} help`, ts: "1.000100" }),
  );
  expect(refused.status).toBe(503);
  await vi.waitFor(
    async () => {
      const { sessions } = await backend.list({});
      expect(sessions).toMatchObject([{ turnCount: 1, openTurns: 0 }]);
    },
    { timeout: 60_000 },
  );
  backend.close();
  expect(await system.answers(thread)).toEqual([]);

  proxy.restore();
  await vi.waitFor(
    async () => {
      const waiting = await system.pool.query("select from slack_inbox where status = 'waiting'");
      expect(waiting.rows).toEqual([]);
    },
    { timeout: 60_000 },
  );
  expect((await system.answers(thread)).map(({ text }) => text)).toEqual([
    expect.stringContaining("first"),
    expect.stringContaining("second"),
  ]);
});
