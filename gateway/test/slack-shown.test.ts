import { expect, test, vi } from "vitest";
import { metric } from "./metric.js";
import { deliver } from "./slack-deliver.js";
import { ADA, GENERAL, RANDOM, type SlackSystem, startSlackSystem } from "./slack-system.js";

const SOON = { timeout: 60_000 };

/** The emoji of the app on a message, once all is done that was to be. */
async function reactionsOn(system: SlackSystem, ts: string): Promise<string[]> {
  const message = (await system.slack.messages(GENERAL)).find((each) => each.ts === ts);
  return (message?.reactions ?? []).map(({ name }) => name).sort();
}

async function say(system: SlackSystem, thread: string, text: string): Promise<string> {
  const { ts } = await system.slack.message({
    channel: GENERAL,
    user: ADA,
    text,
    thread_ts: thread,
  });
  return ts;
}

async function idle({ pool }: SlackSystem): Promise<void> {
  await vi.waitFor(async () => {
    const { rows } = await pool.query("select from slack_inbox where status = 'waiting'");
    expect(rows).toEqual([]);
  }, SOON);
}

const calls = (system: SlackSystem, method: string, ts: string) =>
  system.proxy
    .calls(method)
    .filter((call) => call.get("timestamp") === ts)
    .map((call) => call.get("name"));

test("a check mark for what was answered, none for what failed, and no hourglass is left", async () => {
  await using system = await startSlackSystem();
  const thread = await system.begin();
  const answered = await say(system, thread, "hello");
  await vi.waitFor(async () => {
    expect(await reactionsOn(system, answered)).toEqual(["white_check_mark"]);
    expect(calls(system, "reactions.remove", answered)).toEqual(["hourglass_flowing_sand"]);
  }, SOON);
  expect(calls(system, "reactions.add", answered)).toEqual([
    "hourglass_flowing_sand",
    "white_check_mark",
  ]);

  const failed = await say(system, thread, "fail");
  await vi.waitFor(() => {
    expect(calls(system, "reactions.remove", failed)).toEqual(["hourglass_flowing_sand"]);
  }, SOON);
  expect(calls(system, "reactions.add", failed)).toEqual(["hourglass_flowing_sand"]);

  // Slack limits emoji more than anything else.
  system.proxy.fail("reactions.remove", "limited");
  const limited = await say(system, thread, "hello again");
  await vi.waitFor(async () => {
    expect(await reactionsOn(system, limited)).toEqual(["white_check_mark"]);
    expect(calls(system, "reactions.remove", limited)).toHaveLength(1);
  }, SOON);

  // Slack is in trouble, or its answer is lost: the same twice does no harm.
  system.proxy.fail("reactions.add", "lost");
  system.proxy.fail("reactions.remove", "down");
  const troubled = await say(system, thread, "hello in trouble");
  await vi.waitFor(async () => {
    expect(await reactionsOn(system, troubled)).toEqual(["white_check_mark"]);
    expect(calls(system, "reactions.remove", troubled)).toHaveLength(1);
  }, SOON);
});

test("an answer that Slack takes in no form: its author is told, it is counted, kept, and sent again when an operator says so", async () => {
  await using system = await startSlackSystem();
  const thread = await system.begin();
  system.proxy.fail("chat.postMessage", "user_not_found");
  const ts = await say(system, thread, "hello");
  await vi.waitFor(() => {
    const [told] = system.proxy.calls("chat.postEphemeral");
    expect(told?.get("user")).toBe(ADA);
    expect(told?.get("text")).toMatch(/^Error: Slack did not take my answer \(`user_not_found`\)/);
  }, SOON);
  await idle(system);
  expect(calls(system, "reactions.add", ts)).toEqual(["hourglass_flowing_sand"]);
  const { url } = system.gateway;
  const refusals = { code: "user_not_found", followed: "told" };
  expect(await metric(url, "amp_slack_posts_refused_total", refusals)).toBe(1);
  expect(await metric(url, "amp_slack_replies_given_up")).toBe(1);
  expect(await metric(url, "amp_slack_inbox_dead")).toBe(1);
  const { rows: dead } = await system.pool.query<{ id: number; last_error: string }>(
    "select id, last_error from slack_inbox where status = 'dead'",
  );
  expect(dead[0]?.last_error).toContain("user_not_found");

  const again = "select slack_try_again($1) as found";
  expect((await system.pool.query(again, [dead[0]?.id])).rows).toEqual([{ found: true }]);
  await vi.waitFor(async () => {
    const texts = (await system.answers(thread)).map(({ text }) => text);
    expect(texts).toContainEqual(expect.stringContaining("hello"));
    expect(await reactionsOn(system, ts)).toEqual(["white_check_mark"]);
  }, SOON);
  await idle(system);
  expect(await metric(url, "amp_slack_replies_given_up")).toBe(0);
  expect(await metric(url, "amp_slack_inbox_dead")).toBe(0);
  // Only what is given up.
  expect((await system.pool.query(again, [dead[0]?.id])).rows).toEqual([{ found: false }]);
  expect((await system.pool.query(again, [0])).rows).toEqual([{ found: false }]);
});

test("a delivery that was given up is worked anew, and its author's notice is no answer", async () => {
  await using system = await startSlackSystem();
  const thread = await system.begin();
  await idle(system);
  await system.pool.query(
    "alter table slack_mappings add constraint none check (last_active < now()) not valid",
  );
  await system.pool.query("alter table slack_mappings rename column last_active to away");
  const ts = await say(system, thread, "hello");
  await vi.waitFor(async () => {
    await system.pool.query(
      "update slack_inbox set attempts = 14 where status = 'waiting' and attempts > 0",
    );
    const { rows } = await system.pool.query("select from slack_inbox where status = 'dead'");
    expect(rows).toHaveLength(1);
  }, SOON);
  await system.pool.query("alter table slack_mappings rename column away to last_active");
  await system.pool.query("alter table slack_mappings drop constraint none");
  await system.pool.query("select slack_try_again(id) from slack_inbox where status = 'dead'");
  await vi.waitFor(async () => {
    const texts = (await system.answers(thread)).map(({ text }) => text);
    expect(texts).toContainEqual(expect.stringContaining("hello"));
    expect(await reactionsOn(system, ts)).toEqual(["white_check_mark"]);
  }, SOON);
});

test("a session that can be begun nowhere: its author is told", async () => {
  await using system = await startSlackSystem();
  system.proxy.fail("chat.postMessage", "is_archived");
  const text = `<@U0AMP> new tea`;
  await system.slack.message({ channel: GENERAL, user: ADA, text });
  await vi.waitFor(() => {
    const [told] = system.proxy.calls("chat.postEphemeral");
    expect(told?.get("text")).toBe("Error: I cannot write here. Invite me first.");
  }, SOON);
  await idle(system);
  const { rows } = await system.pool.query("select from slack_mappings where state <> 'ended'");
  expect(rows).toEqual([]);
});

test("a refused token: one line in the log, and /readyz says why, until Slack takes a post again", async () => {
  await using system = await startSlackSystem();
  const thread = await system.begin();
  await idle(system);
  const ready = async () => {
    const response = await fetch(`${system.gateway.url}/readyz`);
    return [response.status, ((await response.json()) as { status: string }).status];
  };
  expect(await ready()).toEqual([200, "ready"]);
  system.proxy.fail("chat.postMessage", "token_revoked");
  await say(system, thread, "hello");
  await vi.waitFor(async () => {
    expect(await ready()).toEqual([503, "Slack refuses the bot token: token_revoked"]);
  }, SOON);
  // In this channel nothing is posted for half a minute; what is posted elsewhere shows that it is over.
  await system.slack.message({ channel: RANDOM, user: ADA, text: "<@U0AMP> status" });
  await vi.waitFor(async () => expect(await ready()).toEqual([200, "ready"]), SOON);
  const lines = system.logs.filter(
    ({ level, reason }) => level === 50 && reason === "token_revoked",
  );
  expect(lines).toHaveLength(1);
});

test("an address for answers that is not Slack's gets none", async () => {
  await using system = await startSlackSystem();
  const got: string[] = [];
  const { createServer } = await import("node:http");
  const server = createServer((request, response) => {
    got.push(request.url ?? "");
    response.writeHead(307, { location: `${system.gateway.url}/healthz` }).end();
  }).listen(0, "127.0.0.2");
  await new Promise((resolve) => server.once("listening", resolve));
  const address = server.address();
  if (typeof address !== "object" || !address) throw new Error("no port");
  const send = (host: string, id: number) => {
    system.proxy.fail("chat.postEphemeral", "not_in_channel");
    const form = new URLSearchParams({
      command: "/amp",
      text: "help",
      team_id: "T0LOCAL",
      channel_id: GENERAL,
      user_id: ADA,
      trigger_id: `1.2.${id}`,
      response_url: `http://${host}/answer`,
    });
    return deliver(`${system.gateway.url}/slack/events`, form.toString());
  };
  expect((await send(`127.0.0.2:${address.port}`, 1)).status).toBe(200);
  await idle(system);
  expect(got).toEqual([]);
  const warned = "a response_url is not Slack's, nothing was sent to it";
  await vi.waitFor(() => expect(system.logs.map(({ msg }) => msg)).toContain(warned), SOON);
  server.close();
});

test("a card that Slack refuses is posted with all its words", async () => {
  await using system = await startSlackSystem();
  await system.begin("x".repeat(20));
  await idle(system);
  for (const words of ["help", "list"]) {
    system.proxy.fail("chat.postMessage", "invalid_blocks");
    const [answer] = await system.ask(`<@U0AMP> ${words}`);
    expect(answer?.text).toMatch(words === "help" ? /connect &lt;id&gt;/ : /x{20}/);
    expect(answer?.text).not.toBe("Amplifier");
  }
});
