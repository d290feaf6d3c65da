import { escapeText } from "../text/escape.js";
import type { Command } from "./command.js";

/** How the bridge is set up. */
export const config: Command = ({ config }, { tell }) =>
  tell({
    text: [
      "*Bridge Configuration:*\n",
      `• *Bot name:* ${escapeText(config.botName)}`,
      "• *Thread per session:* True",
      `• *Mode:* ${slackMode(config)}`,
    ].join("\n"),
  });

/** How Slack reaches us. */
export function slackMode({ appToken }: { appToken: string | undefined }): string {
  return appToken === undefined ? "events-api" : "socket";
}
