import { expect, test, vi } from "vitest";
import {
  active,
  allChecked,
  allReleased,
  endElsewhere,
  idle,
  NOTICE,
  noticeIn,
  notices,
  SOON,
  sessionOf,
  slackMappings,
} from "./endings-system.js";
import { expireAll } from "./expire.js";
import { metric } from "./metric.js";
import { ADA, BOB, BOT, GENERAL, startSlackSystem } from "./slack-system.js";

test("the notice's button begins a new session in the thread", async () => {
  await using system = await startSlackSystem();
  const thread = await system.begin("tea");
  await endElsewhere(system, await sessionOf(system, thread));
  const notice = await noticeIn(system, thread);
  const [, value] = /"value":"(\w+)"/.exec(JSON.stringify(notice.blocks)) ?? [];
  const action = { type: "button", action_id: "start_new_here", value };
  await system.slack.interact({ channel: GENERAL, messageTs: notice.ts, user: ADA, action });
  await vi.waitFor(async () => {
    const texts = (await system.answers(thread)).map(({ text }) => text);
    expect(texts.at(-1)).toMatch(/^Started new session /);
  }, SOON);
  const [answer] = await system.ask("and now?", thread);
  expect(answer?.text).toContain("and now?");
});

test("a thread's own end is not told twice; another thread of the same session is told", async () => {
  await using system = await startSlackSystem();
  const one = await system.begin();
  const { ts: other } = await system.slack.message({ channel: GENERAL, user: BOB, text: "a talk" });
  await system.ask(`${BOT} connect ${await sessionOf(system, one)}`, other, 1, BOB);
  await vi.waitFor(async () => expect(await active(system)).toHaveLength(2), SOON);

  const [answer] = await system.ask(`${BOT} end`, one);
  expect(answer?.text).toBe("Session ended. Start a new one with `new`.");
  await allReleased(system);
  await vi.waitFor(async () => expect(await notices(system, other)).toBe(1), SOON);
  await idle(system);
  expect(await notices(system, one)).toBe(0);
  expect((await slackMappings(system)).map(({ reason }) => reason)).toEqual(["ended", "dead"]);
});

test("the feed that is faster than the answer to a thread's own end does not tell of it either", async () => {
  await using system = await startSlackSystem();
  const thread = await system.begin();
  await system.backend.stop();
  await system.slack.message({
    channel: GENERAL,
    user: ADA,
    text: `${BOT} end`,
    thread_ts: thread,
  });
  await vi.waitFor(async () => {
    const { rows } = await system.pool.query(
      "select from slack_mappings where ending_inbox_id > 0",
    );
    expect(rows).toHaveLength(1);
  }, SOON);
  // No answer can be decided meanwhile.
  const lock = await system.pool.connect();
  await lock.query("begin; lock table slack_inbox in exclusive mode");
  try {
    await system.backend.start();
    await allReleased(system);
  } finally {
    await lock.query("commit");
    lock.release();
  }
  await idle(system);
  const said = (await system.answers(thread)).map(({ text }) => text);
  expect(said).toEqual(["Session ended. Start a new one with `new`."]);
});

test("an expired session: nobody is told until somebody writes, and then once", async () => {
  await using system = await startSlackSystem();
  const thread = await system.begin();
  await expireAll(system);
  expect(await allReleased(system)).toBeLessThan(20_000);
  await idle(system);
  expect(await notices(system, thread)).toBe(0);
  expect(await slackMappings(system)).toMatchObject([{ reason: "untold" }]);

  const [notice] = await system.ask("anybody there?", thread);
  expect(notice?.text).toBe(NOTICE);
  await system.slack.message({ channel: GENERAL, user: ADA, text: "hm", thread_ts: thread });
  await idle(system);
  expect(await notices(system, thread)).toBe(1);
});

test("a mapping that becomes active after its session ended is let go of too", async () => {
  await using system = await startSlackSystem();
  await system.begin();
  await allChecked(system);
  const release = system.proxy.hold("chat.postMessage");
  // Its mapping is active only when the root of its thread is posted.
  await system.slack.command({ channel: GENERAL, user: ADA, command: "/amp", text: "new" });
  const reserved = await vi.waitFor(async () => {
    const [, mapping] = await slackMappings(system);
    if (!mapping?.session) throw new Error("no session");
    return mapping.session;
  }, SOON);
  const cursor = async () => (await system.pool.query("select cursor from endings_cursor")).rows[0];
  const before = await cursor();
  await endElsewhere(system, reserved);
  await expect.poll(cursor).not.toEqual(before);
  release();
  await vi.waitFor(async () => {
    expect(await slackMappings(system)).toMatchObject([{ reason: null }, { reason: "dead" }]);
  }, SOON);
  const checked = { surface: "slack", found_by: "check" };
  await expect
    .poll(() => metric(system.gateway.url, "amp_mappings_deactivated_total", checked))
    .toBe(1);
  const [, { thread } = { thread: null }] = await slackMappings(system);
  await vi.waitFor(async () => expect(await notices(system, thread ?? "")).toBe(1), SOON);
});

test("the limit counts no dead session, though nobody told of its death", async () => {
  await using system = await startSlackSystem({ SLACK_MAX_SESSIONS_PER_USER: "2" });
  await system.begin();
  await system.begin();
  await allChecked(system);
  // As after a restore of the backend's database from before they began.
  const lost = await system.pool.query(
    "delete from amp_backend.sessions where session_id = (select min(session_id) from slack_mappings)",
  );
  expect(lost.rowCount).toBe(1);
  await system.begin();
  const [refused] = await system.ask(`${BOT} new`);
  expect(refused?.text).toBe("Session limit reached (2). End an existing session first.");
});
