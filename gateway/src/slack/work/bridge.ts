import type { WebClient } from "@slack/web-api";
import type pg from "pg";
import type { Logger } from "pino";
import type { Backend } from "../../backend/index.js";
import type { SlackConfig } from "../config.js";
import type { SlackMessage } from "../door/delivery.js";
import type { Job } from "../inbox/job.js";
import { type ChannelId, isDirectMessage, type Place, type Ts, type UserId } from "../keys.js";
import type { Outbox } from "../outbox/outbox.js";
import type { Draft } from "../outbox/store.js";
import type { Policy } from "../policy.js";
import type { SlackText } from "../text/message.js";

/** What the work on deliveries needs. */
export interface Bridge {
  config: SlackConfig;
  backend: Backend;
  pool: pg.Pool;
  client: WebClient;
  outbox: Outbox;
  policy: Policy;
  logger: Logger;
}

/** Where an answer goes. */
export interface Address {
  channel: ChannelId;
  /** Null: in the channel itself. */
  thread: Ts | null;
  responseUrl?: string | undefined;
}

/** The conversation that a message is part of: its thread, or the one that it may begin; direct messages outside of threads are one. */
export function conversationOf({ place, ts }: SlackMessage): Place {
  return { ...place, thread: place.thread ?? (isDirectMessage(place.channel) ? null : ts) };
}

/** Where a message is answered: in its conversation. */
export function answerTo(message: SlackMessage): Address {
  const { channel, thread } = conversationOf(message);
  return { channel, thread };
}

/** A reply to the address. */
export function draft(to: Address, message: SlackText): Draft {
  return { ...to, message };
}

/** Tells something to one person only, where it happened; worth no second try. */
export async function whisper(
  { client, logger }: Bridge,
  { channel, thread }: Pick<Address, "channel" | "thread">,
  user: UserId,
  text: string,
  blocks?: SlackText["blocks"],
): Promise<void> {
  const shown = { text, ...(blocks && { blocks }) };
  const note = { channel, user, ...shown, ...(thread !== null && { thread_ts: thread }) };
  await client.chat
    .postEphemeral(note)
    .catch((error: unknown) => logger.debug({ err: error }, "no note to a user"));
}

/** How calls to the backend are made for a job: given up with it, and patient with a backend that restarts. */
export function patiently({ config }: Bridge, { signal }: Job) {
  return { signal, window: config.retryWindow };
}
