import type { WebClient } from "@slack/web-api";
import type { Logger } from "pino";
import type { ChannelId, Ts } from "../keys.js";

/** Emoji that tell how far the work on a message is. */
export type Reaction = "hourglass_flowing_sand" | "white_check_mark" | "no_entry_sign";

/** Adds an emoji to the message, after those added before. */
export type React = (name: Reaction) => void;

/** Reacts to one message in the background: an emoji is worth no wait and no failure. */
export function reactTo(client: WebClient, logger: Logger, channel: ChannelId, ts: Ts): React {
  let last: Promise<unknown> = Promise.resolve();
  return (name) => {
    last = last
      .then(() => client.reactions.add({ channel, timestamp: ts, name }))
      .catch((error: unknown) => logger.debug({ err: error, name }, "no reaction added"));
  };
}
