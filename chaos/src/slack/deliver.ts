import { createHmac, randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { Random } from "../random.js";
import { BOT } from "./methods.js";

export const SIGNING_SECRET = "chaos-signing-secret";

/** Slack counts a delivery as failed that is not acknowledged within 3 s, and tries again three times. */
const PATIENCE_MS = 3_000;
/** Slack waits for 0, 60 and 300 s before them; here it is in more of a hurry. */
const RETRY_AFTER_MS = [0, 1_000, 3_000];
const JSON_TYPE = "application/json";
const FORM_TYPE = "application/x-www-form-urlencoded";
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

/** Slack's way to the app: signed deliveries, each to any gateway, repeated until acknowledged. */
export class Deliveries {
  constructor(
    private readonly gateways: readonly string[],
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
    const body = JSON.stringify({
      type: "event_callback",
      team_id: BOT.team,
      api_app_id: "A0AMP",
      event_id: `Ev${randomUUID()}`,
      event_time: Math.floor(Date.now() / 1_000),
      authorizations: [{ team_id: BOT.team, user_id: BOT.id, is_bot: true }],
      event: { ...event, channel_type: "channel", event_ts: event.ts },
    });
    for (let attempt = 0; ; attempt++) {
      if (await this.post(body, JSON_TYPE, attempt)) {
        if (this.random.chance(REDELIVERED_PERCENT)) void this.post(body, JSON_TYPE, attempt + 1);
        return true;
      }
      const pause = RETRY_AFTER_MS[attempt];
      if (pause === undefined) return false;
      await delay(pause);
    }
  }

  /** Delivers a slash command, once: Slack does not repeat these. Returns whether it was acknowledged. */
  command(channel: string, user: string, text: string): Promise<boolean> {
    const form = new URLSearchParams({
      command: "/amp",
      text,
      team_id: BOT.team,
      channel_id: channel,
      user_id: user,
      trigger_id: randomUUID(),
    });
    return this.post(form.toString(), FORM_TYPE, 0);
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
    const form = new URLSearchParams({ payload: JSON.stringify(payload) }).toString();
    if (this.random.chance(REDELIVERED_PERCENT)) void this.post(form, FORM_TYPE, 0);
    return this.post(form, FORM_TYPE, 0);
  }

  private async post(body: string, type: string, attempt: number): Promise<boolean> {
    const timestamp = String(Math.floor(Date.now() / 1_000));
    const signature = createHmac("sha256", SIGNING_SECRET)
      .update(`v0:${timestamp}:${body}`)
      .digest("hex");
    const retry = { "x-slack-retry-num": String(attempt), "x-slack-retry-reason": "http_timeout" };
    try {
      const response = await fetch(`${this.random.pick(this.gateways)}/slack/events`, {
        method: "POST",
        headers: {
          "content-type": type,
          "x-slack-request-timestamp": timestamp,
          "x-slack-signature": `v0=${signature}`,
          ...(attempt > 0 && retry),
        },
        body,
        signal: AbortSignal.timeout(PATIENCE_MS),
      });
      await response.body?.cancel();
      return response.status === 200;
    } catch {
      return false;
    }
  }
}
