import { type Queryable, transaction } from "@amp/postgres";
import type { WebClient } from "@slack/web-api";
import type pg from "pg";
import type { Logger } from "pino";
import { SLACK_TIMEOUT_MS } from "../api/client.js";
import { neverSent, outcomeOf } from "../api/outcome.js";
import { takesOperator } from "../api/refusals.js";
import { type Job, Postponed } from "../inbox/job.js";
import { whileWaiting } from "../inbox/store.js";
import { ChannelId, Ts, type UserId } from "../keys.js";
import { activate } from "../mappings/store.js";
import { fit } from "../text/fit.js";
import type { SlackText } from "../text/message.js";
import { findPosted, METADATA_TYPE } from "./find.js";
import { type Refused, refuse } from "./refuse.js";
import {
  type Draft,
  insertReplies,
  isDecided,
  markOver,
  markSending,
  markSent,
  markUnsent,
  type Posted,
  type Reply,
  repliesTo,
  unsentReplies,
} from "./store.js";

/** After a lost answer Slack may not show the post at once: it mostly does within the first, and as far as is known within the second time. */
const SETTLE_MS = 2_000;
const SHOWN_MS = 8_000;
/** A post begins so soon after it was noted that it does, or not at all: a process that froze may not be the only one any more. */
const FRESH_MS = 4_000;
/** When a post is looked for that may have been taken: so long after its try was over, in milliseconds. */
const LOOKS_MS = [SETTLE_MS, SHOWN_MS];
/** The same where nobody saw how the try ended, after its begin: it may have been on its way until its time-out. */
const LOOKS_IN_FLIGHT_MS = [...LOOKS_MS, FRESH_MS + SLACK_TIMEOUT_MS + SHOWN_MS];

/** What hears of Slack's refusals. */
export interface Watcher {
  /** Slack took a post. */
  taken?(): void;
  /** Slack takes nothing until an operator acts. `code` is its error. */
  shutOut?(code: string): void;
  /** Slack refused a post, and what followed. */
  refused?(code: string, followed: Refused["followed"]): void;
}

/**
 * Posts replies, each exactly once. All replies to a delivery are decided in
 * one transaction; then each goes new -> sending -> sent. A crash or a lost
 * answer leaves it in `sending`, and the next attempts look for it in Slack, by
 * the id in its metadata, until it would be shown if it had been taken, before
 * one posts it again. Its delivery is postponed meanwhile. One that Slack refuses
 * is new again in another form or place, or is `refused` in the end.
 *
 * Each try has a mark. Whoever begins one does so only from what they read, so
 * that of two that hold one reply, for one of them is late, only one posts it.
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
    private readonly watcher: Watcher = {},
  ) {}

  isDecided(job: Job): Promise<boolean> {
    return isDecided(this.pool, job.id);
  }

  /** What became of the replies to a delivery: whether all that was said is shown, and none of it is a failure. */
  async outcome(job: Job): Promise<"none" | "shown" | "failed"> {
    const { count, shown } = await repliesTo(this.pool, job.id);
    if (count === 0) return "none";
    return shown ? "shown" : "failed";
  }

  /** Decides the replies to a delivery, with whatever else is to be true at the same moment; only the first decision counts. */
  async decide(job: Job, decision: (tx: Queryable) => Promise<Draft[]>): Promise<void> {
    await whileWaiting(this.pool, job.id, async (tx) => {
      if (await isDecided(tx, job.id)) return;
      await insertReplies(tx, job.id, (await decision(tx)).flatMap(fitting));
    });
  }

  /**
   * Posts what was decided and is not posted yet; returns whether there was
   * something.
   * @param author whoever the replies are for; told what Slack does not take
   * @throws Postponed when Slack wants it later, and what failed otherwise
   */
  async deliver(job: Job, author?: UserId): Promise<boolean> {
    for (let any = false; ; any = true) {
      const replies = await unsentReplies(this.pool, job.id);
      let left = replies.length;
      for (const reply of replies) {
        // What Slack refused may have become several, in front of those that follow.
        if (!(await this.send(reply, job.signal, author))) break;
        left -= 1;
      }
      if (left === 0) return any || replies.length > 0;
    }
  }

  /** Whether the replies that follow are as they were. */
  private async send(
    reply: Reply,
    signal: AbortSignal,
    author: UserId | undefined,
  ): Promise<boolean> {
    // What one person alone sees is not to be found; twice does no harm.
    const mayBeThere = reply.state === "sending" && reply.only === null;
    const found = mayBeThere ? await this.find(reply) : undefined;
    if (found) {
      await this.sent(reply, { ts: found });
      return true;
    }
    this.keepQuiet(reply.channel);
    signal.throwIfAborted();
    const isFresh = freshness();
    const mark = await markSending(this.pool, reply);
    if (mark === undefined) throw new Error("The reply is in other hands.");
    if (!isFresh()) throw new Error("The process stood still before a post.");
    const tried = { ...reply, mark };
    try {
      const posted = await this.post(tried);
      this.watcher.taken?.();
      await this.sent(tried, posted);
      return true;
    } catch (error) {
      return this.failed(tried, error, signal, author);
    }
  }

  /**
   * Looks for a reply that may have been posted; undefined when it was not.
   * @throws Postponed while it may still show up
   */
  private async find(reply: Reply): Promise<Ts | undefined> {
    const age = reply.sinceTry;
    const found = age < SETTLE_MS ? undefined : await this.look(reply);
    if (found) return found;
    const looks = reply.inFlight ? LOOKS_IN_FLIGHT_MS : LOOKS_MS;
    const next = looks.find((look) => look > age);
    if (next !== undefined) throw new Postponed(next - age, "Slack may still show the reply");
    return undefined;
  }

  private async look(reply: Reply): Promise<Ts | undefined> {
    const message = this.adapt(reply.message);
    return findPosted(this.client, { ...reply, message }).catch((error: unknown) => {
      const outcome = outcomeOf(error);
      if (outcome.kind === "later") throw new Postponed(outcome.pause, outcome.reason);
      // What cannot be looked up there cannot be posted there either.
      if (outcome.kind === "elsewhere") return undefined;
      throw error;
    });
  }

  /** Undefined: only one person sees it, and it is no message of the conversation. */
  private async post(reply: Reply): Promise<Posted | undefined> {
    const { channel, thread, id, only } = reply;
    const { text, blocks, unmarked } = this.adapt(reply.message);
    if (only !== null) {
      const where = { channel, user: only, ...(thread !== null && { thread_ts: thread }) };
      await this.client.chat.postEphemeral({ ...where, text, ...(blocks && { blocks }) });
      return undefined;
    }
    const posted = await this.client.chat.postMessage({
      channel,
      text,
      ...(blocks && { blocks }),
      ...(thread !== null && { thread_ts: thread }),
      unfurl_links: false,
      unfurl_media: false,
      ...(!unmarked && { metadata: { event_type: METADATA_TYPE, event_payload: { id } } }),
    });
    return { ts: Ts.parse(posted.ts), channel: ChannelId.safeParse(posted.channel).data };
  }

  private async sent(reply: Reply, posted: Posted | undefined): Promise<void> {
    await transaction(this.pool, async (tx) => {
      await markSent(tx, reply.id, posted ?? null);
      if (reply.mapping !== null && posted) await activate(tx, reply.mapping, posted.ts);
    });
  }

  /** Returns whether the replies that follow are as they were. */
  private async failed(
    reply: Reply,
    error: unknown,
    signal: AbortSignal,
    author: UserId | undefined,
  ): Promise<boolean> {
    const outcome = outcomeOf(error);
    const { kind, reason: code } = outcome;
    if (kind === "unknown") {
      await (neverSent(error) ? markUnsent : markOver)(this.pool, reply);
      throw error;
    }
    if (kind !== "later") signal.throwIfAborted();
    if (!(await markUnsent(this.pool, reply))) throw new Error("The reply is in other hands.");
    if (kind === "later") {
      if (takesOperator(code)) this.watcher.shutOut?.(code);
      this.quiet.set(reply.channel, performance.now() + outcome.pause);
      this.logger.warn(
        { channel: reply.channel, reason: code, pauseMs: outcome.pause },
        "Slack takes no post now, it is kept",
      );
      throw new Postponed(outcome.pause, code);
    }
    const { pool, client, logger, endSession } = this;
    const { followed, changed } = await refuse(
      { pool, client, logger, endSession },
      reply,
      { kind, code },
      author,
    );
    this.watcher.refused?.(code, followed);
    logger.warn({ channel: reply.channel, reason: code, followed }, "Slack refused a reply");
    return !changed;
  }

  private keepQuiet(channel: ChannelId): void {
    const left = (this.quiet.get(channel) ?? 0) - performance.now();
    if (left > 0) throw new Postponed(left, "Slack limits posts to the channel");
    this.quiet.delete(channel);
  }
}

/** A draft in messages that Slack takes; the first of them is the one that its mapping is for. */
function fitting({ mapping, ...draft }: Draft): Draft[] {
  return fit(draft.message).map((message, index) => ({
    ...draft,
    message,
    ...(index === 0 && { mapping }),
  }));
}

/**
 * Tells whether a post may still begin. By two clocks: that of the process
 * stands still while the machine sleeps, and that of the wall may be set.
 */
function freshness(): () => boolean {
  const [began, wall] = [performance.now(), Date.now()];
  return () => Math.max(performance.now() - began, Date.now() - wall) < FRESH_MS;
}
