import { setTimeout as delay } from "node:timers/promises";
import { type Queryable, transaction } from "@amp/postgres";
import type { WebClient } from "@slack/web-api";
import type pg from "pg";
import type { Logger } from "pino";
import { SLACK_TIMEOUT_MS } from "../api/client.js";
import { outcomeOf } from "../api/outcome.js";
import { type Job, Postponed } from "../inbox/job.js";
import { whileWaiting } from "../inbox/store.js";
import { type ChannelId, Ts } from "../keys.js";
import { abandon, activate } from "../mappings/store.js";
import type { SlackText } from "../text/message.js";
import { findPosted, METADATA_TYPE } from "./find.js";
import {
  type Draft,
  insertReplies,
  isDecided,
  markOver,
  markRefused,
  markSending,
  markSent,
  markUnsent,
  type Reply,
  unsentReplies,
} from "./store.js";

/** After a lost answer Slack may not show the post at once. */
const SETTLE_MS = 2_000;
/** A post whose sender never saw how it ended may still be on its way: longer than its time-out. */
const ON_ITS_WAY_MS = SLACK_TIMEOUT_MS + 5_000;

/**
 * Posts replies, each exactly once. All replies to a delivery are decided in
 * one transaction; then each goes new -> sending -> sent. A crash or a lost
 * answer leaves it in `sending`, and the next attempt looks for it in Slack, by
 * the id in its metadata, before it posts it.
 */
export class Outbox {
  /** Until when Slack wants no more posts in a channel, by the process's own clock. */
  private readonly quiet = new Map<ChannelId, number>();

  constructor(
    private readonly pool: pg.Pool,
    private readonly client: WebClient,
    private readonly logger: Logger,
    /** Ends a session that found no place. */
    private readonly endSession: (sessionId: string) => Promise<unknown>,
    /** What becomes of a message for this Slack. */
    private readonly adapt: (message: SlackText) => SlackText = (message) => message,
  ) {}

  isDecided(job: Job): Promise<boolean> {
    return isDecided(this.pool, job.id);
  }

  /** Decides the replies to a delivery, with whatever else is to be true at the same moment; only the first decision counts. */
  async decide(job: Job, decision: (tx: Queryable) => Promise<Draft[]>): Promise<void> {
    await whileWaiting(this.pool, job.id, async (tx) => {
      if (await isDecided(tx, job.id)) return;
      await insertReplies(tx, job.id, await decision(tx));
    });
  }

  /**
   * Posts what was decided and is not posted yet; returns whether there was
   * something. @throws Postponed when Slack wants it later, and what failed otherwise.
   */
  async deliver(job: Job): Promise<boolean> {
    const replies = await unsentReplies(this.pool, job.id);
    for (const reply of replies) await this.send(reply, job.signal);
    return replies.length > 0;
  }

  private async send(reply: Reply, signal: AbortSignal): Promise<void> {
    const found = reply.state === "sending" ? await this.find(reply, signal) : undefined;
    if (found) return this.sent(reply, found);
    this.keepQuiet(reply.channel);
    signal.throwIfAborted();
    await markSending(this.pool, reply.id);
    try {
      await this.sent(reply, await this.post(reply));
    } catch (error) {
      await this.failed(reply, error, signal);
    }
  }

  private async find(reply: Reply, signal: AbortSignal): Promise<Ts | undefined> {
    const tried = performance.now() - reply.sinceTry;
    for (const age of reply.inFlight ? [SETTLE_MS, ON_ITS_WAY_MS] : [SETTLE_MS]) {
      await delay(Math.max(0, tried + age - performance.now()), undefined, { signal });
      const found = await this.look(reply);
      if (found) return found;
    }
    return undefined;
  }

  private async look(reply: Reply): Promise<Ts | undefined> {
    return findPosted(this.client, reply).catch((error: unknown) => {
      const outcome = outcomeOf(error);
      if (outcome.kind === "later") throw new Postponed(outcome.pause, outcome.reason);
      // What cannot be looked up there cannot be posted there either.
      if (outcome.kind === "absent") return undefined;
      throw error;
    });
  }

  private async post(reply: Reply): Promise<Ts> {
    const { channel, thread, id } = reply;
    const message = this.adapt(reply.message);
    const post = async ({ text, blocks }: Reply["message"]) => {
      const { ts } = await this.client.chat.postMessage({
        channel,
        text,
        ...(blocks && { blocks }),
        ...(thread !== null && { thread_ts: thread }),
        unfurl_links: false,
        unfurl_media: false,
        metadata: { event_type: METADATA_TYPE, event_payload: { id } },
      });
      return Ts.parse(ts);
    };
    if (!message.blocks) return post(message);
    return post(message).catch((error: unknown) => {
      const outcome = outcomeOf(error);
      if (outcome.kind !== "blocks") throw error;
      this.logger.warn({ reason: outcome.reason }, "Slack refused blocks, posting plain text");
      return post({ text: message.text });
    });
  }

  private async sent(reply: Reply, ts: Ts | null): Promise<void> {
    await transaction(this.pool, async (tx) => {
      await markSent(tx, reply.id, ts);
      if (reply.mapping !== null && ts) await activate(tx, reply.mapping, ts);
    });
  }

  private async failed(reply: Reply, error: unknown, signal: AbortSignal): Promise<void> {
    const outcome = outcomeOf(error);
    switch (outcome.kind) {
      case "unknown":
        // Else the reply may be in other hands by now, and on its way again.
        if (!signal.aborted) await markOver(this.pool, reply.id);
        throw error;
      case "later":
        this.quiet.set(reply.channel, performance.now() + outcome.pause);
        await markUnsent(this.pool, reply.id);
        this.logger.warn(
          { channel: reply.channel, reason: outcome.reason, pauseMs: outcome.pause },
          "Slack takes no post now, it is kept",
        );
        throw new Postponed(outcome.pause, outcome.reason);
      default:
        this.logger.warn(
          { channel: reply.channel, reason: outcome.reason },
          "Slack refused a reply",
        );
        await this.refused(reply);
    }
  }

  private async refused(reply: Reply): Promise<void> {
    if (reply.mapping !== null) await abandon(this.pool, reply.mapping, this.endSession);
    await markRefused(this.pool, reply.id);
    if (reply.responseUrl === null) return;
    const text =
      reply.mapping === null ? reply.message.text : "Error: I cannot write here. Invite me first.";
    const body = {
      ...(reply.mapping === null && reply.message),
      text,
      response_type: "in_channel",
      // Of a click, it would take the place of the message with the button.
      replace_original: false,
    };
    const response = await fetch(reply.responseUrl, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(10_000),
    }).catch((error: unknown) => this.logger.warn({ err: error }, "no answer to the command"));
    await response?.body?.cancel();
  }

  private keepQuiet(channel: ChannelId): void {
    const left = (this.quiet.get(channel) ?? 0) - performance.now();
    if (left > 0) throw new Postponed(left, "Slack limits posts to the channel");
    this.quiet.delete(channel);
  }
}
