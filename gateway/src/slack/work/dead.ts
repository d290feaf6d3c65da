import type { types } from "@slack/bolt";
import { reactTo } from "../api/reactions.js";
import type { CommandRequest } from "../commands/command.js";
import type { SlackConfig } from "../config.js";
import type { SlackMessage } from "../door/delivery.js";
import type { Job } from "../inbox/job.js";
import { keepFor } from "../inbox/store.js";
import { placeKey } from "../keys.js";
import { deactivate, findMapping, type Mapping } from "../mappings/store.js";
import { cut } from "../text/cut.js";
import { escapeText } from "../text/escape.js";
import { blocks, button, context, type SlackText, section } from "../text/message.js";
import { isFirst } from "./admit.js";
import { type Bridge, draft, whisper } from "./bridge.js";

/** Of a reason so much is shown. */
const MAX_REASON = 200;

/** The button that begins a session in a thread whose session is gone; its value is the inbox row to work again, or 0. */
export const START_HERE = "start_new_here";

/** Says that the session is over, with a button to begin another; a message that was not answered is then sent to it. */
export function endNotice(config: SlackConfig, unanswered?: Job, reason = ""): SlackText {
  const text = noticeText(config);
  const why = reason === "" ? "" : `It was ${reasonText(reason)}. `;
  // Slack runs no slash command in a thread.
  const how = context(`${why}Here, mention me, \`@${config.botName} new\`, or use the button.`);
  return blocks(text, section(text), how, restart(unanswered));
}

function noticeText({ command }: SlackConfig): string {
  return `Session has ended. Start a new one with \`${command} new\`.`;
}

function restart(unanswered?: Job): types.KnownBlock {
  const start = button("Start new here", START_HERE, String(unanswered?.id ?? 0));
  return { type: "actions", elements: [start] };
}

/** The reason that was given to End; what is ours names its person. */
function reasonText(reason: string): string {
  const [, user] = /^ended by ([UW][A-Z0-9]+) in Slack$/.exec(reason) ?? [];
  if (user !== undefined) return `ended by <@${user}>`;
  return /^ended by /.test(reason)
    ? escapeText(cut(reason, MAX_REASON))
    : `ended: ${escapeText(cut(reason, MAX_REASON))}`;
}

/** Somebody used the button of a notice: it says so in its place. */
export async function takeButtonAway(
  { client, config, logger }: Bridge,
  { place, user, ts, slash }: Pick<CommandRequest, "place" | "user" | "ts" | "slash">,
): Promise<void> {
  // What one person alone sees cannot be changed.
  if (slash || ts === undefined) return;
  const text = noticeText(config);
  const list = [section(text), context(`<@${user}> started a new one here.`)];
  await client.chat
    .update({ channel: place.channel, ts, text, blocks: list })
    .catch((error: unknown) => logger.debug({ err: error }, "a used button stays"));
}

/** A message comes after the end of its session was told by a command: its author is told what to do, once. */
export async function tellOver(
  bridge: Bridge,
  job: Job,
  message: SlackMessage,
  mapping: Mapping,
): Promise<void> {
  const { user } = message;
  if (!(await isFirst(bridge.pool, `over:${mapping.id}:${user}`))) return;
  return refuse(bridge, job, message);
}

/**
 * The message met a dead session. The mapping ends, unless it points elsewhere
 * by now, and its conversation is told in the same transaction, so that it is
 * told once; the slot is free from then on.
 */
export async function sessionDied(
  bridge: Bridge,
  job: Job,
  message: SlackMessage,
  mapping: Mapping,
): Promise<void> {
  let ours = false;
  await bridge.outbox.decide(job, async (tx) => {
    const now = await findMapping(tx, message.place);
    // A command of this conversation is ending it, and tells of it.
    if (now?.id === mapping.id && now.endingJob !== null) return [];
    ours = await deactivate(tx, mapping, "dead");
    if (ours) await keepFor(tx, job.id, mapping.id);
    return ours ? [draft(message.place, endNotice(bridge.config, job))] : [];
  });
  if (!ours) return refuse(bridge, job, message);
  bridge.logger.warn(
    { conversation: placeKey(message.place), session: mapping.sessionId },
    "session is dead, mapping deactivated",
  );
}

/**
 * A message that comes after the end of its session was told: not told to
 * everyone again, but to its author, and marked for all to see.
 */
export async function refuse(bridge: Bridge, job: Job, message: SlackMessage): Promise<void> {
  const { client, config, logger } = bridge;
  const { place, user, ts } = message;
  reactTo(client, logger, place.channel, ts).add("no_entry_sign");
  const text = "_Not answered: this session has ended._";
  const how = `${text} Mention me, \`@${config.botName} new\`, or use the button: it sends your message to a new one.`;
  await whisper(bridge, place, user, text, [section(how), restart(job)]);
}
