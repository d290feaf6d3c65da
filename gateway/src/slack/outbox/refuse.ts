import { transaction } from "@amp/postgres";
import type { WebClient } from "@slack/web-api";
import type pg from "pg";
import type { Logger } from "pino";
import { outcomeOf } from "../api/outcome.js";
import type { Policy } from "../api/refusals.js";
import { Postponed } from "../inbox/job.js";
import { ChannelId, isDirectMessage, type UserId } from "../keys.js";
import { abandon } from "../mappings/store.js";
import { plainer, smaller } from "../text/fit.js";
import type { SlackText } from "../text/message.js";
import { answerAt, isResponseUrl } from "./response-url.js";
import {
  hasRefused,
  markRefused,
  markSent,
  moveToAuthor,
  type Reply,
  replaceReply,
} from "./store.js";

/** What followed from a refusal. */
export interface Refused {
  followed: Exclude<Policy, "later" | "unknown">;
  /** Whether other replies of the delivery changed, too. */
  changed: boolean;
}

interface Means {
  pool: pg.Pool;
  client: WebClient;
  logger: Logger;
  endSession: (sessionId: string) => Promise<unknown>;
}

const INVITE_ME = "Error: I cannot write here. Invite me first.";

/**
 * Does with a reply that Slack did not post what the policy of Slack's error
 * asks for; where that is no use, gives it up and tells its author.
 * @throws when the author could not be told for now; the reply is as it was
 */
export async function refuse(
  means: Means,
  reply: Reply,
  { kind, code }: { kind: Refused["followed"]; code: string },
  author: UserId | undefined,
): Promise<Refused> {
  const others = anew(reply.message, kind);
  if (others) {
    await transaction(means.pool, (tx) => replaceReply(tx, reply, others));
    return { followed: kind, changed: true };
  }
  if (kind === "elsewhere" && reply.mapping === null) {
    if (await answered(means, reply, reply.message)) {
      await markSent(means.pool, reply.id, null);
      return { followed: kind, changed: false };
    }
    if (author && author !== String(reply.channel) && !isDirectMessage(reply.channel)) {
      const note = {
        text: `I may not answer in <#${reply.channel}> (\`${code}\`), so here it is:`,
      };
      await transaction(means.pool, async (tx) => {
        await replaceReply(tx, reply, [note, reply.message]);
        await moveToAuthor(tx, reply.inboxId, author);
      });
      return { followed: kind, changed: true };
    }
  }
  await giveUp(means, reply, { kind, code }, author);
  return { followed: "told", changed: false };
}

/** The message in another form; undefined if there is none, or the form is not the matter. */
function anew(message: SlackText, kind: Refused["followed"]): SlackText[] | undefined {
  switch (kind) {
    case "smaller":
      return smaller(message);
    case "plainer":
      return plainer(message);
    case "unmarked":
      return message.unmarked ? undefined : [{ ...message, unmarked: true }];
    default:
      return undefined;
  }
}

async function giveUp(
  means: Means,
  reply: Reply,
  { kind, code }: { kind: Refused["followed"]; code: string },
  author: UserId | undefined,
): Promise<void> {
  const { pool, endSession } = means;
  if (reply.mapping !== null) {
    await abandon(pool, reply.mapping, endSession);
    const text = kind === "elsewhere" ? INVITE_ME : notTaken(code);
    if (!(await answered(means, reply, { text }))) await tell(means, reply, text, author);
    // Its session is gone; whoever wants one asks again.
    return markRefused(pool, reply.id, null);
  }
  // Of a long answer its author need not be told for each part.
  if (!(await hasRefused(pool, reply.inboxId))) {
    const text = notTaken(code);
    if (!(await answered(means, reply, { text }))) await tell(means, reply, text, author);
  }
  await markRefused(pool, reply.id, code);
}

function notTaken(code: string): string {
  return `Error: Slack did not take my answer (\`${code}\`). It is kept: whoever runs me can have it sent again.`;
}

/** Whether the address that came with a command or a click took the message. */
async function answered(
  { client, logger }: Means,
  { responseUrl, only }: Reply,
  message: SlackText,
): Promise<boolean> {
  if (responseUrl === null) return false;
  if (!isResponseUrl(responseUrl, client.slackApiUrl)) {
    logger.warn("a response_url is not Slack's, nothing was sent to it");
    return false;
  }
  return answerAt(responseUrl, message, only === null ? "in_channel" : "ephemeral").then(
    () => true,
    (error: unknown) => {
      logger.warn({ err: error }, "no answer to the command");
      return false;
    },
  );
}

/** Tells the author alone, where it was asked, or else in direct messages. */
async function tell(
  { client, logger }: Means,
  { channel, thread }: Reply,
  text: string,
  author: UserId | undefined,
): Promise<void> {
  if (!author) return;
  const here = { channel, user: author, ...(thread !== null && { thread_ts: thread }) };
  if (await isTaken(client.chat.postEphemeral({ ...here, text }))) return;
  const where =
    isDirectMessage(channel) || channel === ChannelId.parse(author) ? "" : ` (In <#${channel}>.)`;
  if (await isTaken(client.chat.postMessage({ channel: author, text: `${text}${where}` }))) return;
  logger.error({ channel }, "nobody could be told of a reply that Slack refused");
}

/** Whether Slack took it. @throws when it may take it later, or may have taken it */
async function isTaken(call: Promise<unknown>): Promise<boolean> {
  try {
    await call;
    return true;
  } catch (error) {
    const outcome = outcomeOf(error);
    if (outcome.kind === "later") throw new Postponed(outcome.pause, outcome.reason);
    if (outcome.kind === "unknown") throw error;
    return false;
  }
}
