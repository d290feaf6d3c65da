import { connectSessions } from "@amp/proto";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { parseConfig, startGateway } from "../src/index.js";
import { ADA, BOB, type SlackSystem, startSlackSystem } from "./slack-system.js";

const HELP = "Amplifier Slack Bridge";

let system: SlackSystem;
beforeAll(async () => {
  system = await startSlackSystem();
  await system.gateway[Symbol.asyncDispose]();
});
afterAll(() => system?.[Symbol.asyncDispose]());

async function inbox(): Promise<object[]> {
  const { rows } = await system.pool.query<object>(
    "select status, attempts, crashes from slack_inbox order by id",
  );
  return rows;
}

/** Asks for help; returns whether it came. */
async function askForHelp(): Promise<() => Promise<void>> {
  const { channel, ts } = await system.slack.message({ channel: ADA, user: ADA, text: "help" });
  return async () => {
    const answers = (await system.slack.messages(channel)).filter((each) => each.ts > ts);
    expect(JSON.stringify(answers)).toContain(HELP);
  };
}

test.each(["invalid_auth", "team_access_not_granted", "limited", "down", "some_error_of_tomorrow"])(
  "while Slack answers with %s who we are, deliveries wait, and then they are worked",
  async (fault) => {
    await system.pool.query("delete from slack_inbox");
    system.proxy.fail("auth.test", fault, 1);
    system.logs.length = 0;
    await using _gateway = await system.anotherGateway();
    const said = "Slack does not let the app in, deliveries wait";
    await vi.waitFor(() => expect(system.logs.some(({ msg }) => msg === said)).toBe(true));
    const answered = await askForHelp();
    await vi.waitFor(async () => expect(await inbox()).toHaveLength(1));
    expect(await inbox()).toEqual([{ status: "waiting", attempts: 0, crashes: 0 }]);
    await vi.waitFor(answered, { timeout: 60_000 });
    await expect.poll(inbox).toEqual([{ status: "done", attempts: 0, crashes: 0 }]);
  },
  60_000,
);

test("a token that is refused later on: no turn is begun until Slack lets the app in again", async () => {
  await system.pool.query("delete from slack_inbox");
  await using _gateway = await system.anotherGateway();
  const { channel } = await system.slack.message({ channel: BOB, user: BOB, text: "the first" });
  const answers = async (words: string) =>
    (await system.slack.messages(channel)).filter(
      ({ bot_id, text }) => bot_id && text?.includes(words),
    );
  await expect.poll(() => answers("the first")).toHaveLength(1);
  const isShutOut = () =>
    system.logs.some(({ msg }) => msg === "Slack does not let the app in, deliveries wait");
  const turns = async () => {
    const sessions = connectSessions(system.backend.address);
    const { sessions: all } = await sessions.list({}).finally(() => sessions.close());
    return all.reduce((sum, { turnCount }) => sum + turnCount, 0);
  };
  system.logs.length = 0;
  let refuses = true;
  const calls = ["chat.postMessage", "auth.test", "reactions.add", "reactions.remove"];
  for (const method of calls) {
    system.proxy.stand(method, () => (refuses ? { ok: false, error: "token_revoked" } : undefined));
  }
  // The turn that meets the refusal is run; its answer waits.
  await system.slack.message({ channel: BOB, user: BOB, text: "the second" });
  await expect.poll(isShutOut).toBe(true);
  const before = await turns();
  for (const text of ["the third", "the fourth"]) {
    await system.slack.message({ channel: BOB, user: BOB, text });
  }
  await expect.poll(() => inbox()).toContainEqual({ status: "waiting", attempts: 0, crashes: 0 });
  const asked = () => system.proxy.calls("auth.test").length;
  const askedBefore = asked();
  await expect.poll(asked).toBeGreaterThan(askedBefore + 1);
  expect(await turns()).toBe(before);
  refuses = false;
  for (const words of ["the second", "the third", "the fourth"]) {
    await expect.poll(() => answers(words)).toHaveLength(1);
  }
  expect(await inbox()).not.toContainEqual(expect.objectContaining({ attempts: 1 }));
});

test("a gateway that Slack does not let in leaves the work to another", async () => {
  await using _good = await system.anotherGateway();
  await vi.waitFor(await askForHelp(), { timeout: 60_000 });
  system.proxy.fail("auth.test", "invalid_auth", 1_000);
  const config = parseConfig({ ...system.settings, GATEWAY_LISTEN: "127.0.0.1:0" });
  await using _refused = await startGateway(config);
  for (let n = 0; n < 5; n += 1) await vi.waitFor(await askForHelp(), { timeout: 60_000 });
});
