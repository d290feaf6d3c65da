import { blocks, header, section } from "../text/message.js";
import type { Command } from "./command.js";

/** Tells what can be said to the app. */
export const help: Command = ({ config }, { tell }) =>
  tell(
    blocks(
      "Amplifier",
      header("Amplifier Slack Bridge"),
      section(
        [
          `*Commands* (mention @${config.botName}, or use \`${config.command}\` in a channel):\n`,
          "• `list [project]` - List recent Amplifier sessions",
          "• `sessions` - List active bridge sessions",
          "• `new [--dir <path>] [description]` - Start a new session".replace(/[<>]/g, entity),
          "• `connect <id>` - Connect to existing session".replace(/[<>]/g, entity),
          "• `status` - Show current session status",
          "• `stop` - Stop the running answer; where none runs, end the session",
          "• `end [<id> | all]` - End the current session, or your own from anywhere".replace(
            /[<>]/g,
            entity,
          ),
          "• `remember <text>` - Keep a note of yours".replace(/[<>]/g, entity),
          "• `recall <query>` - Find your notes".replace(/[<>]/g, entity),
          "• `config` - Show bridge configuration",
          "• `help` - Show this help",
          "",
          "*How it works:*",
          `• \`@${config.botName}\` with anything but a command begins a session in that thread`,
          "• `new` in a channel creates a thread per session",
          "• Reply in a thread to continue that session",
        ].join("\n"),
      ),
    ),
  );

function entity(bracket: string): string {
  return bracket === "<" ? "&lt;" : "&gt;";
}
