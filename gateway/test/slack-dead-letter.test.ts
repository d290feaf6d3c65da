import { connectSessions } from "@amp/proto";
import { expect, test, vi } from "vitest";
import { ADA, GENERAL, type SlackSystem, startSlackSystem } from "./slack-system.js";

/** Makes the attempt after the next failure the last one, and waits for the end. */
async function exhaust({ pool }: SlackSystem): Promise<void> {
  await vi.waitFor(async () => {
    const { rowCount } = await pool.query(
      "update slack_inbox set attempts = 14 where status = 'waiting' and attempts > 0",
    );
    expect(rowCount).toBe(1);
  });
  await vi.waitFor(
    async () => {
      const { rows } = await pool.query("select from slack_inbox where status = 'dead'");
      expect(rows).toHaveLength(1);
    },
    { timeout: 60_000 },
  );
}

test("a message that is given up: its author is told once", async () => {
  await using system = await startSlackSystem();
  await system.pool.query("alter table slack_mappings add constraint none check (false) not valid");
  const { channel } = await system.slack.message({ channel: ADA, user: ADA, text: "new" });
  await exhaust(system);
  expect((await system.slack.messages(channel)).map(({ text }) => text)).toEqual([
    "new",
    "Error: Failed to get response from Amplifier session.",
  ]);
  const metrics = await (await fetch(`${system.gateway.url}/metrics`)).text();
  expect(metrics).toMatch(/^amp_slack_inbox_dead 1$/m);
});

test("a new session whose first message is given up: its slot is given back and it ends", async () => {
  await using system = await startSlackSystem({ SLACK_MAX_SESSIONS_PER_USER: "1" });
  system.proxy.fail("chat.postMessage", "down", 2);
  await system.slack.command({ channel: GENERAL, user: ADA, command: "/amp", text: "new" });
  await exhaust(system);
  const { rows } = await system.pool.query("select from slack_mappings");
  expect(rows).toEqual([]);
  const backend = connectSessions(system.backend.address);
  const { sessions } = await backend.list({});
  backend.close();
  expect(sessions).toMatchObject([{ endReason: "found no place in Slack" }]);
  await system.begin();
});
