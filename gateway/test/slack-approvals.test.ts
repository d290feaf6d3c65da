import { connectSessions } from "@amp/proto";
import type { LocalSlackMessage } from "@amp/stack/testing";
import { expect, test, vi } from "vitest";
import { allReleased, endElsewhere, sessionOf } from "./endings-system.js";
import { ADA, BOB, GENERAL, type SlackSystem, startSlackSystem } from "./slack-system.js";

const SOON = { timeout: 60_000 };
const QUESTION = "The agent asks: Write to the demo file";

const shown = ({ blocks }: LocalSlackMessage) => JSON.stringify(blocks);

/** The questions of a thread, once there are so many. */
async function questions(
  system: SlackSystem,
  thread: string,
  count = 1,
): Promise<LocalSlackMessage[]> {
  return vi.waitFor(async () => {
    const found = (await system.answers(thread)).filter(({ text }) => text === QUESTION);
    if (found.length < count) throw new Error(`${found.length} questions`);
    return found;
  }, SOON);
}

async function asked(system: SlackSystem, thread: string): Promise<LocalSlackMessage> {
  const [question] = await questions(system, thread);
  if (!question) throw new Error("nothing asked");
  return question;
}

/** Clicks the button with this label. */
async function click(
  system: SlackSystem,
  question: LocalSlackMessage,
  label: string,
  user: string,
): Promise<void> {
  const blocks = (question.blocks ?? []) as { type: string; elements?: Button[] }[];
  const buttons = blocks.find(({ type }) => type === "actions")?.elements ?? [];
  const button = buttons.find(({ text }) => text.text === label);
  if (!button) throw new Error(`no button ${label}`);
  const action = { type: "button", action_id: button.action_id, value: button.value };
  await system.slack.interact({ channel: GENERAL, messageTs: question.ts, user, action });
}

interface Button {
  text: { text: string };
  action_id: string;
  value: string;
}

/** Waits until the question shows so. */
async function settled(system: SlackSystem, { ts }: LocalSlackMessage, text: string) {
  await vi.waitFor(async () => {
    const message = (await system.slack.messages(GENERAL)).find((each) => each.ts === ts);
    if (!message) throw new Error("the question is gone");
    expect(shown(message)).toContain(text);
    expect(shown(message)).not.toContain('"actions"');
  }, SOON);
}

/** What was told to one person only. */
function whispers(system: SlackSystem): string[] {
  return system.proxy.calls("chat.postEphemeral").map((call) => String(call.get("text")));
}

async function say(system: SlackSystem, thread: string, text: string, user = ADA): Promise<void> {
  await system.slack.message({ channel: GENERAL, user, text, thread_ts: thread });
}

async function reply(system: SlackSystem, thread: string, text: string): Promise<void> {
  await vi.waitFor(async () => {
    const texts = (await system.answers(thread)).map((message) => message.text);
    expect(texts).toContainEqual(expect.stringContaining(text));
  }, SOON);
}

test("a question: asked once with buttons, answered by its author, settled in its place", async () => {
  await using system = await startSlackSystem();
  const thread = await system.begin();
  await say(system, thread, "approve <it>");
  const question = await asked(system, thread);
  expect(shown(question)).toContain("approve <it>");
  expect(shown(question)).toContain(`Only <@${ADA}> can answer.`);

  await click(system, question, "Allow", BOB);
  await vi.waitFor(() => expect(whispers(system)).toEqual([`_Only <@${ADA}> can answer this._`]));
  await Promise.all([
    click(system, question, "Reject", ADA),
    click(system, question, "Reject", ADA),
  ]);
  await reply(system, thread, "Your answer was: Reject.");
  await settled(system, question, `*Reject*, answered by <@${ADA}>`);
  expect(await questions(system, thread)).toHaveLength(1);
  // A page that was not drawn anew yet still has its buttons.
  await click(system, question, "Allow", ADA);
  await vi.waitFor(() =>
    expect(whispers(system)[1]).toBe(`Too late: *Reject*, answered by <@${ADA}>`),
  );
});

test("whoever began the session may answer, too; questions of a turn come one after the other", async () => {
  await using system = await startSlackSystem();
  const thread = await system.begin("", BOB);
  await say(system, thread, "approve 2");
  const first = await asked(system, thread);
  expect(shown(first)).toContain(`Only <@${ADA}> or <@${BOB}> can answer.`);
  await click(system, first, "Allow", BOB);
  const [, second] = await questions(system, thread, 2);
  if (!second) throw new Error("asked only once");
  await click(system, second, "Reject", ADA);
  await reply(system, thread, "Your answers were: Allow, Reject.");
  await settled(system, first, `*Allow*, answered by <@${BOB}>`);
  await settled(system, second, `*Reject*, answered by <@${ADA}>`);
});

test("answered elsewhere, cancelled, ended: the buttons go away", async () => {
  await using system = await startSlackSystem();
  const backend = connectSessions(system.backend.address);
  const thread = await system.begin();
  const { rows } = await system.pool.query<{ session_id: string }>(
    "select session_id from slack_mappings",
  );
  const sessionId = rows[0]?.session_id ?? "";
  const pending = async () => {
    const { turns } = await backend.listTurns({ sessionId, newestFirst: true, pageSize: 1 });
    return turns[0]?.approvals[0]?.approvalId ?? "";
  };

  await say(system, thread, "approve one");
  const one = await asked(system, thread);
  await backend.resolveApproval({
    sessionId,
    approvalId: await pending(),
    optionId: "allow",
    decidedBy: { surface: "web", user: "local", displayName: "" },
  });
  await reply(system, thread, "Your answer was: Allow.");
  await settled(system, one, "*Allow*, answered on the web");

  await say(system, thread, "approve two");
  const [, two] = await questions(system, thread, 2);
  await backend.cancel({ sessionId });
  await reply(system, thread, "_This turn was cancelled._");
  if (two) await settled(system, two, "Nobody answered in time.");
  if (two) await click(system, two, "Allow", ADA);
  await vi.waitFor(() => expect(whispers(system)).toContain("Too late: Nobody answered in time."));

  await say(system, thread, "approve three");
  const [, , three] = await questions(system, thread, 3);
  await backend.end({ sessionId });
  await reply(system, thread, "Session has ended.");
  if (three) await settled(system, three, "Nobody answered in time.");
  backend.close();
});

test("a question survives the restart of the backend, and Slack's lost answers", async () => {
  await using system = await startSlackSystem();
  const thread = await system.begin();
  system.proxy.fail("chat.update", "lost");
  system.proxy.fail("chat.update", "limited");
  await say(system, thread, "approve this");
  const question = await asked(system, thread);
  await system.backend.stop();
  await system.backend.start();
  await click(system, question, "Allow", ADA);
  await reply(system, thread, "Your answer was: Allow.");
  await settled(system, question, `*Allow*, answered by <@${ADA}>`);
  expect(await questions(system, thread)).toHaveLength(1);
});

test("a backend that is away for long: the person is told, and the buttons stay", async () => {
  await using system = await startSlackSystem({ BACKEND_RETRY_WINDOW: "1s" });
  const thread = await system.begin();
  await say(system, thread, "approve that");
  const question = await asked(system, thread);
  await system.backend.stop();
  await click(system, question, "Allow", ADA);
  await vi.waitFor(
    () =>
      expect(whispers(system)).toEqual(["Error: Failed to get response from Amplifier session."]),
    SOON,
  );
  await system.backend.start();
  await click(system, question, "Allow", ADA);
  await settled(system, question, `*Allow*, answered by <@${ADA}>`);
});

test("a session that ended while no gateway ran: the buttons go away without a click", async () => {
  await using system = await startSlackSystem();
  const thread = await system.begin();
  await say(system, thread, "approve late");
  const question = await asked(system, thread);
  await system.gateway[Symbol.asyncDispose]();
  await endElsewhere(system, await sessionOf(system, thread));
  // The end is heard of before anybody works the message that asked.
  await system.pool.query("update slack_lanes set next_at = now() + interval '1 hour'");
  await using _another = await system.anotherGateway();
  await allReleased(system);
  await system.pool.query("update slack_lanes set next_at = now()");
  await settled(system, question, "Nobody answered in time.");
});

test("a Slack that shows no Markdown blocks is sent none", async () => {
  await using system = await startSlackSystem({ SLACK_MARKDOWN_BLOCKS: "false" });
  const thread = await system.begin();
  await say(system, thread, "approve **this**");
  const question = await asked(system, thread);
  expect(shown(question)).toContain("approve **this**");
  await click(system, question, "Allow", ADA);
  await reply(system, thread, "approve **this**");
  await settled(system, question, `*Allow*, answered by <@${ADA}>`);
  const messages = await system.slack.messages(GENERAL);
  expect(JSON.stringify(messages)).toContain("approve **this**");
  expect(JSON.stringify(messages)).not.toContain('"markdown"');
});
