import { afterAll, beforeAll, expect, test } from "vitest";
import { endElsewhere, idle } from "./endings-system.js";
import { type SlackSystem, startSlackSystem } from "./slack-system.js";
import { buttonOf, type Post, SlackWorld } from "./slack-world.js";

const PUBLIC = "C0PUBLIC";
const ADA = "U0ADA";
const BOB = "U0BOB";
const APP = "<@U0AMP>";

let system: SlackSystem;
let world: SlackWorld;
beforeAll(async () => {
  system = await startSlackSystem({ SLACK_MAX_SESSIONS_PER_USER: "100" });
  world = new SlackWorld(
    system,
    [{ id: ADA }, { id: BOB }],
    [{ id: PUBLIC, isPrivate: false, members: [ADA, BOB] }],
  );
});
afterAll(() => system[Symbol.asyncDispose]());

const all = (posts: Post[]) => posts.map((post) => post.all).join("\n");
let events = 0;
const tell = (event: object) => {
  events += 1;
  return world.during({
    type: "event_callback",
    team_id: "T0LOCAL",
    event_id: `Ev${events}`,
    authorizations: [{ team_id: "T0LOCAL", user_id: "U0AMP", is_bot: true }],
    event,
  });
};

/** Begins a session in a new thread of the channel. */
async function begin(channel = PUBLIC): Promise<string> {
  const { ts } = await world.write(ADA, channel, "a talk");
  await world.write(ADA, channel, `${APP} new tea`, ts);
  return ts;
}

async function stateOf(thread: string) {
  const { rows } = await system.pool.query<{ state: string; session: string; channel: string }>(
    `select slack_mappings.state, session_id as session, channel_id as channel
     from slack_mappings where thread_ts = $1 order by id desc limit 1`,
    [thread],
  );
  return rows[0] ?? { state: "none", session: "", channel: "" };
}

async function endReason(session: string): Promise<string | null> {
  const { rows } = await system.pool.query<{ reason: string | null }>(
    "select end_reason as reason from amp_backend.sessions where session_id = $1",
    [session],
  );
  return rows[0]?.reason ?? null;
}

test("a reply after the end: its author alone is told, once, with a button that sends it to a new session", async () => {
  const thread = await begin();
  await world.write(ADA, PUBLIC, `${APP} end`, thread);
  const { posts } = await world.write(BOB, PUBLIC, "where were we?", thread);
  expect(posts).toEqual([
    expect.objectContaining({ only: BOB, thread, text: "_Not answered: this session has ended._" }),
  ]);
  expect((await world.write(BOB, PUBLIC, "hm", thread)).posts).toEqual([]);
  const [other] = (await world.write(ADA, PUBLIC, "and me?", thread)).posts;
  expect(other?.only).toBe(ADA);

  const [note] = posts;
  if (!note) throw new Error("no note");
  const said = all(await world.click(BOB, note, buttonOf(note, "start_new_here")));
  expect(said).toContain("Started new session");
  expect(said).toContain("where were we?");
  expect((await stateOf(thread)).state).toBe("active");
});

test("the notice tells the reason, and loses its button once it was used", async () => {
  const thread = await begin();
  const before = system.proxy.calls("chat.postMessage").length;
  await endElsewhere(system, (await stateOf(thread)).session);
  await expect
    .poll(() => system.proxy.calls("chat.postMessage").length, { timeout: 60_000 })
    .toBeGreaterThan(before);
  await idle(system);
  const posted = system.proxy.calls("chat.postMessage").at(-1);
  const text = posted?.get("text") ?? "";
  expect(text).toBe("Session has ended. Start a new one with `/amp new`.");
  const notice = {
    channel: PUBLIC,
    thread,
    text,
    all: text + (posted?.get("blocks") ?? ""),
    only: null,
    ts: world.nextTs(),
  };
  expect(notice.all).toContain("elsewhere");
  expect(notice.all).toContain("@amp new");
  await world.click(ADA, notice, buttonOf(notice, "start_new_here"));
  const updated = system.proxy.calls("chat.update").at(-1);
  expect(updated?.get("ts")).toBe(notice.ts);
  expect(updated?.get("blocks")).not.toContain("start_new_here");
});

test.each([
  ["channel_archive", { user: ADA }, "its channel was archived"],
  ["group_archive", {}, "its channel was archived"],
  ["channel_deleted", {}, "its channel was deleted"],
  ["group_deleted", {}, "its channel was deleted"],
  ["channel_left", {}, "the app left its channel"],
  ["group_left", {}, "the app left its channel"],
  ["member_left_channel", { user: "U0AMP" }, "the app left its channel"],
])("%s frees the sessions of its channel, and no others", async (type, fields, why) => {
  const channel = `C0${type.toUpperCase().replaceAll("_", "")}`;
  const [gone, kept] = [await begin(channel), await begin()];
  await tell({ type, channel, ...fields });
  const { state, session } = await stateOf(gone);
  expect(state).toBe("ended");
  expect(await endReason(session)).toBe(why);
  expect((await stateOf(kept)).state).toBe("active");
});

test("somebody else who leaves frees nothing", async () => {
  const thread = await begin();
  await tell({ type: "member_left_channel", channel: PUBLIC, user: BOB });
  expect((await stateOf(thread)).state).toBe("active");
});

test("a deleted first message frees its thread; another deleted message does not", async () => {
  const [one, other, kept] = [await begin(), await begin(), await begin()];
  const message = { type: "message", channel: PUBLIC };
  await tell({ ...message, subtype: "message_deleted", deleted_ts: one, ts: world.nextTs() });
  const tombstone = { ts: other, subtype: "tombstone", text: "This message was deleted." };
  await tell({ ...message, subtype: "message_changed", message: tombstone, ts: world.nextTs() });
  await tell({ ...message, subtype: "message_deleted", deleted_ts: "9.000001", ts: "9.000002" });
  expect((await stateOf(one)).state).toBe("ended");
  expect((await stateOf(other)).state).toBe("ended");
  expect((await stateOf(kept)).state).toBe("active");
});

test("a session that has another conversation goes on there", async () => {
  const thread = await begin();
  const { session } = await stateOf(thread);
  const { ts: second } = await world.write(ADA, PUBLIC, "another talk");
  await world.write(ADA, PUBLIC, `${APP} connect ${session}`, second);
  await tell({ type: "message", subtype: "message_deleted", channel: PUBLIC, deleted_ts: thread });
  expect((await stateOf(thread)).state).toBe("ended");
  expect((await stateOf(second)).state).toBe("active");
  expect(await endReason(session)).toBe("");
});

test("a channel with another id keeps its conversations", async () => {
  const thread = await begin("C0BEFORE");
  await tell({ type: "channel_id_changed", old_channel_id: "C0BEFORE", new_channel_id: "C0AFTER" });
  expect(await stateOf(thread)).toMatchObject({ state: "active", channel: "C0AFTER" });
  const { posts } = await world.write(ADA, "C0AFTER", "still there?", thread);
  expect(all(posts)).toContain("still there?");
});

test("a removed app has no sessions", async () => {
  const thread = await begin();
  await tell({ type: "tokens_revoked", tokens: { oauth: [ADA], bot: [] } });
  expect((await stateOf(thread)).state).toBe("active");
  await tell({ type: "tokens_revoked", tokens: { oauth: [], bot: ["U0AMP"] } });
  expect((await stateOf(thread)).state).toBe("ended");
});
