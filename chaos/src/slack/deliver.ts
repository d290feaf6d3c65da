import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { Random } from "../random.js";
import type { Door, Envelope } from "./envelope.js";
import { APP, BOT } from "./identity.js";

/** Slack tries again three times, after 0, 60 and 300 s; here it is in more of a hurry. */
const RETRY_AFTER_MS = [0, 1_000, 3_000];
/** How often a delivery that was acknowledged comes once more. */
const REDELIVERED_PERCENT = 10;

/** A message as its event tells it. */
export interface MessageEvent {
  channel: string;
  user: string;
  text: string;
  ts: string;
  thread_ts?: string;
}

/** Slack's way to the app: deliveries, each by any door, repeated until acknowledged. */
export class Deliveries {
  constructor(
    private readonly doors: readonly Door[],
    private readonly random: Random,
  ) {}

  /**
   * Delivers a message, and beside it the mention that it may be, as Slack does.
   * @returns whether one of the two was acknowledged.
   */
  async message(message: MessageEvent): Promise<boolean> {
    const kinds = message.text.includes(`<@${BOT.id}>`) ? ["message", "app_mention"] : ["message"];
    const acknowledged = await Promise.all(kinds.map((type) => this.event({ type, ...message })));
    return acknowledged.includes(true);
  }

  private async event(event: MessageEvent & { type: string }): Promise<boolean> {
    const payload = {
      type: "event_callback",
      team_id: BOT.team,
      api_app_id: APP.id,
      event_id: `Ev${randomUUID()}`,
      event_time: Math.floor(Date.now() / 1_000),
      authorizations: [{ team_id: BOT.team, user_id: BOT.id, is_bot: true }],
      event: { ...event, channel_type: "channel", event_ts: event.ts },
    };
    const envelope = { type: "events_api", payload } as const;
    for (let attempt = 0; ; attempt++) {
      if (await this.post(envelope, attempt)) {
        if (this.random.chance(REDELIVERED_PERCENT)) void this.post(envelope, attempt + 1);
        return true;
      }
      const pause = RETRY_AFTER_MS[attempt];
      if (pause === undefined) return false;
      await delay(pause);
    }
  }

  /** Delivers a slash command, once: Slack does not repeat these. Returns whether it was acknowledged. */
  command(channel: string, user: string, text: string): Promise<boolean> {
    const payload = {
      command: "/amp",
      text,
      team_id: BOT.team,
      channel_id: channel,
      user_id: user,
      trigger_id: randomUUID(),
    };
    return this.post({ type: "slash_commands", payload }, 0);
  }

  /**
   * Delivers a click on a button of the app's message, once: Slack does not repeat
   * these; now and then it comes twice. Returns whether it was acknowledged.
   */
  async click(
    channel: string,
    user: string,
    { ts, thread_ts }: Pick<MessageEvent, "ts" | "thread_ts">,
    action: { action_id: string; value: string },
  ): Promise<boolean> {
    const payload = {
      type: "block_actions",
      team: { id: BOT.team },
      user: { id: user },
      channel: { id: channel },
      message: { ts, thread_ts },
      actions: [{ ...action, type: "button" }],
      trigger_id: randomUUID(),
    };
    const envelope = { type: "interactive", payload } as const;
    if (this.random.chance(REDELIVERED_PERCENT)) void this.post(envelope, 0);
    return this.post(envelope, 0);
  }

  private post(envelope: Envelope, attempt: number): Promise<boolean> {
    return this.random.pick(this.doors)(envelope, attempt);
  }
}
