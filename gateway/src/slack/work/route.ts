import { commandOf, runCommand } from "../commands/index.js";
import { leavingOf } from "../commands/leaving.js";
import { type Line, readLine } from "../commands/line.js";
import { createSession } from "../commands/new.js";
import { leave } from "../commands/stop.js";
import { namesOf, type SlackConfig } from "../config.js";
import type { SlackMessage } from "../door/delivery.js";
import { type Job, NotForUs, Postponed } from "../inbox/job.js";
import { isDirectMessage, type Place } from "../keys.js";
import { findMapping, isTaken } from "../mappings/store.js";
import { isThreadBeginning } from "../outbox/store.js";
import { cut } from "../text/cut.js";
import { plainText } from "../text/escape.js";
import { addressed, type Call } from "./addressed.js";
import { answerTo, type Bridge, conversationOf, draft, whisper } from "./bridge.js";
import { refuse, sessionDied, tellOver } from "./dead.js";
import { filesNote } from "./files.js";
import { withNames } from "./names.js";
import { beginInPlace } from "./start.js";
import { runTurn } from "./turn.js";

/** A message may come in before the mapping of the thread that it is in. */
const THREAD_PAUSE_MS = 500;
const UNREADABLE = "_I cannot read a message of this kind, so the agent was not told it._";
/** How much of its first message describes a session that was begun by it. */
const MAX_DESCRIPTION = 100;

/**
 * What a message means where it was written:
 * 0. it asks to stop or to end, and nothing else, and addresses the app or the conversation has a session;
 * 1. it addresses the app with a command line that can be nothing else: that command;
 * 2. the conversation has a session: a message to it;
 * 3. the conversation's session died, or was ended by a command that overtook the message: everyone is
 *    told so, or was and now only its author is;
 * 4. the conversation may be about to get its session: looked at again in a moment;
 * 5. it mentions the app, or is a direct message, with what may be a command line: that command;
 * 6. it mentions the app, or is a direct message: the first message to a session that begins here;
 * 7. nothing of ours.
 * @param onOurs called before the work on it begins, unless it is 3, 4 or 7
 * @throws NotForUs in the case of 7
 */
export async function routeMessage(
  bridge: Bridge,
  job: Job,
  delivered: SlackMessage,
  botUserId: string,
  onOurs: () => void,
): Promise<void> {
  const { pool, config } = bridge;
  const app = { id: botUserId, name: config.botName };
  const place = conversationOf(delivered);
  const mapping = await findMapping(pool, place);
  const direct = isDirectMessage(place.channel);
  const isOurs = mapping?.active || direct || addressed(delivered.text, app) !== undefined;
  const named = async (markup = "") => (isOurs ? withNames(bridge, markup, app.id) : markup);
  const text = await named(delivered.text);
  const message = { ...delivered, place, text, attached: await named(delivered.attached) };
  const call = addressed(text, app);
  const line = isMore(message, call)
    ? ({ kind: "talk" } as const)
    : readMessage(call, direct ? text : undefined, bridge.config, app);
  const words = call?.mentioned ? call.rest : text;
  const asked = plainText([words, message.attached].filter(Boolean).join("\n"), app);

  const leaving = message.forwards ? undefined : leavingOf(text, botUserId, namesOf(config));
  if (leaving && (leaving.addressed || mapping?.active)) {
    onOurs();
    const { user, ts } = message;
    const given = { job, user, ts, place, address: place, args: [] };
    return runCommand(bridge, leave(leaving), given);
  }
  if (call && line.kind !== "talk" && line.sure) {
    const begins = line.kind === "command" && ["new", "connect"].includes(line.name);
    // Direct messages have a session already: the other one is in the mention's thread.
    const beside = direct && begins && mapping?.active && place.thread === null;
    onOurs();
    return runLine(bridge, job, message, beside ? { ...place, thread: message.ts } : place, line);
  }
  if (asked === "" && !call && (mapping?.active || direct)) {
    onOurs();
    return bridge.outbox.decide(job, async () => [draft(place, { text: UNREADABLE })]);
  }
  if (mapping?.active) {
    onOurs();
    return runTurn(bridge, job, message, mapping, asked);
  }
  if (mapping?.endReason === "untold") return sessionDied(bridge, job, message, mapping);
  if (mapping?.endReason === "dead") return refuse(bridge, job, message);
  if (mapping?.endingJob && job.id < mapping.endingJob) return refuse(bridge, job, message);
  // In this order: what is not beginning any more has its mapping by now.
  const mayBegin = async () =>
    (await isThreadBeginning(pool, place.channel)) || (await isTaken(pool, place));
  if (delivered.place.thread !== null && (await mayBegin())) {
    throw new Postponed(THREAD_PAUSE_MS, "This thread may be about to get its session.");
  }
  if (!call?.mentioned && !direct) {
    if (mapping?.endReason === "ended") return tellOver(bridge, job, message, mapping);
    throw new NotForUs();
  }
  onOurs();
  if (line.kind !== "talk") return runLine(bridge, job, message, place, line);
  return begin(bridge, job, message, asked);
}

/** Whether a message is more than its words, so that they are no command line. */
function isMore({ forwards, attached }: SlackMessage, call: Call | undefined): boolean {
  return forwards === true || (Boolean(attached) && !call?.rest);
}

/** Reads what is said to the app. Its bare name counts with a command line that can be nothing else. */
function readMessage(
  call: Call | undefined,
  direct: string | undefined,
  config: SlackConfig,
  app: { id: string; name: string },
): Line {
  const said = call?.rest ?? direct;
  if (said === undefined) return { kind: "talk" };
  const line = readLine(plainText(said, app), namesOf(config));
  if (call?.mentioned || !call) return line;
  return line.kind === "command" && line.sure && call.rest !== "" ? line : { kind: "talk" };
}

/** Runs the command of a line; what it begins, it begins in that place. */
function runLine(
  bridge: Bridge,
  job: Job,
  message: SlackMessage,
  place: Place,
  line: Exclude<Line, { kind: "talk" }>,
): Promise<void> {
  const address = answerTo({ ...message, place });
  const args = line.kind === "command" ? line.args : [];
  const { user, ts } = message;
  const given = { job, user, ts, place, address, args, staysHere: true };
  const unread = filesNote(message);
  if (unread !== undefined) void whisper(bridge, address, user, unread.text);
  return runCommand(bridge, commandOf(line), given);
}

/**
 * Begins a session with a message. Crashes leave a reservation, or a
 * conversation that has its session: the next attempt goes on from there, and
 * the backend knows the session and the turn by the row's request id.
 */
function begin(bridge: Bridge, job: Job, message: SlackMessage, text: string): Promise<void> {
  const { place, user, ts } = message;
  const first = async () => {
    const [about = ""] = text.trim().split("\n", 1);
    const open = () => createSession(bridge, { job, user, place }, cut(about, MAX_DESCRIPTION));
    if (!(await beginInPlace(bridge, { job, user, place, address: place, open }))) return;
    const mapping = await findMapping(bridge.pool, place);
    if (!mapping?.active) throw new Error("The session that began here is gone already.");
    await runTurn(bridge, job, message, mapping, text);
  };
  return runCommand(bridge, first, { job, user, ts, place, address: place, args: [] });
}
