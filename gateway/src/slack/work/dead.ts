import { reactTo } from "../api/reactions.js";
import type { SlackConfig } from "../config.js";
import type { SlackMessage } from "../door/delivery.js";
import type { Job } from "../inbox/job.js";
import { placeKey } from "../keys.js";
import { deactivate, findMapping, type Mapping } from "../mappings/store.js";
import { blocks, button, type SlackText, section } from "../text/message.js";
import { type Bridge, draft, whisper } from "./bridge.js";

/** The button that begins a session in a thread whose session is gone; its value is the inbox row to work again, or 0. */
export const START_HERE = "start_new_here";

/** Says that the session is over, with a button to begin another; a message that was not answered is then sent to it. */
export function endNotice({ command }: SlackConfig, unanswered?: Job): SlackText {
  const text = `Session has ended. Start a new one with \`${command} new\`.`;
  const restart = button("Start new here", START_HERE, String(unanswered?.id ?? 0));
  return blocks(text, section(text), { type: "actions", elements: [restart] });
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
    return ours ? [draft(message.place, endNotice(bridge.config, job))] : [];
  });
  if (!ours) return refuse(bridge, message);
  bridge.logger.warn(
    { conversation: placeKey(message.place), session: mapping.sessionId },
    "session is dead, mapping deactivated",
  );
}

/**
 * A message that comes after the end of its session was told: not told to
 * everyone again, but to its author, and marked for all to see.
 */
export async function refuse(bridge: Bridge, message: SlackMessage): Promise<void> {
  const { client, logger } = bridge;
  const { place, user, ts } = message;
  const reactions = reactTo(client, logger, place.channel, ts);
  reactions.add("no_entry_sign");
  reactions.remove("hourglass_flowing_sand");
  await whisper(bridge, place, user, "_Not answered: this session has ended._");
}
