import { parseCommand, runCommand } from "../commands/index.js";
import { leavingOf } from "../commands/leaving.js";
import { leave } from "../commands/stop.js";
import { namesOf } from "../config.js";
import type { SlackMessage } from "../door/delivery.js";
import { type Job, Postponed } from "../inbox/job.js";
import { isDirectMessage } from "../keys.js";
import { findMapping, isTaken } from "../mappings/store.js";
import { isThreadBeginning } from "../outbox/store.js";
import { addressed } from "./addressed.js";
import { answerTo, type Bridge, draft } from "./bridge.js";
import { refuse, sessionDied } from "./dead.js";
import { runTurn } from "./turn.js";

/** A message may come in before the mapping of the thread that it is in. */
const THREAD_PAUSE_MS = 500;

/**
 * What a message means where it was written:
 * 0. it asks to stop or to end, and nothing else, and addresses the app or the conversation has a session;
 * 1. it addresses the app, and its first word then is a command: that command;
 * 2. the conversation has a session: a message to it;
 * 3. the conversation's session died, or was ended by a command that overtook the message: everyone is
 *    told so, or was and now only its author is;
 * 4. the conversation may be about to get its session: looked at again in a moment;
 * 5. it addresses the app: an unknown command;
 * 6. it is a direct message: a command if it begins with one, else a hint;
 * 7. nothing of ours.
 * @param onOurs called before the work on it begins, unless it is 3, 4 or 7
 */
export async function routeMessage(
  bridge: Bridge,
  job: Job,
  message: SlackMessage,
  botUserId: string,
  onOurs: () => void,
): Promise<void> {
  const { place, user } = message;
  const { pool, outbox, config } = bridge;
  const direct = isDirectMessage(place.channel);
  const address = answerTo(message);
  const call = addressed(message.text, botUserId, config.botName);
  const line = parseCommand(call?.rest ?? message.text);
  const run = () => {
    onOurs();
    return runCommand(bridge, line.command, { job, user, place, address, args: line.args });
  };

  const mapping = await findMapping(pool, place);
  const leaving = leavingOf(message.text, botUserId, namesOf(config));
  if (leaving && (leaving.addressed || mapping?.active)) {
    onOurs();
    return runCommand(bridge, leave(leaving), { job, user, place, address, args: [] });
  }
  if (call && line.known) return run();
  if (mapping?.active) {
    onOurs();
    const text = call?.mentioned ? call.rest : message.text;
    return runTurn(bridge, job, message, mapping, text);
  }
  if (mapping?.endReason === "untold") return sessionDied(bridge, job, message, mapping);
  if (mapping?.endReason === "dead") return refuse(bridge, message);
  if (mapping?.endingJob && job.id < mapping.endingJob) return refuse(bridge, message);
  // In this order: what is not beginning any more has its mapping by now.
  const mayBegin = async () =>
    (await isThreadBeginning(pool, place.channel)) || (await isTaken(pool, place));
  if (place.thread !== null && (await mayBegin())) {
    throw new Postponed(THREAD_PAUSE_MS, "This thread may be about to get its session.");
  }
  if (call) return run();
  if (!direct) return;
  if (line.known) return run();
  onOurs();
  const text = "_No session in this conversation. Use `new` to start one._";
  await outbox.decide(job, async () => [draft(address, { text })]);
}
