import { setTimeout as delay } from "node:timers/promises";
import type { WebClient } from "@slack/web-api";
import type { Logger } from "pino";
import type { ChannelId, Ts } from "../keys.js";
import { outcomeOf } from "./outcome.js";

/** Emoji that tell how far the work on a message is. */
export type Reaction = "hourglass_flowing_sand" | "white_check_mark" | "no_entry_sign";

/** The app's emoji on one message. */
export interface Reactions {
  /** Adds one, after all that was asked for before. */
  add(name: Reaction): void;
  /** Takes one away, if it is there. */
  remove(name: Reaction): void;
}

/** How often an emoji is tried while Slack limits calls, of which removing may be called least, or is in trouble. */
const TRIES = 5;
const TROUBLE_PAUSE_MS = 2_000;
/** What Slack says when it is as it should be. */
const DONE = new Set(["already_reacted", "no_reaction"]);

/** Reacts to one message in the background: an emoji is worth no wait and no failure. */
export function reactTo(client: WebClient, logger: Logger, channel: ChannelId, ts: Ts): Reactions {
  let last: Promise<unknown> = Promise.resolve();
  const then = (method: "add" | "remove", name: Reaction) => {
    last = last
      .then(() => patiently(() => client.reactions[method]({ channel, timestamp: ts, name })))
      .catch((error: unknown) => {
        const { reason } = outcomeOf(error);
        if (!DONE.has(reason)) logger.debug({ reason, name, method }, "no reaction");
      });
  };
  return { add: (name) => then("add", name), remove: (name) => then("remove", name) };
}

async function patiently(call: () => Promise<unknown>): Promise<void> {
  for (let left = TRIES; ; left -= 1) {
    try {
      await call();
      return;
    } catch (error) {
      const outcome = outcomeOf(error);
      const limited = outcome.kind === "later" && outcome.reason === "ratelimited";
      if ((!limited && outcome.kind !== "unknown") || left <= 1) throw error;
      // It keeps no process from its end.
      await delay(limited ? outcome.pause : TROUBLE_PAUSE_MS, undefined, { ref: false });
    }
  }
}
