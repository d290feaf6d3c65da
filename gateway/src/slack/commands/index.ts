import { escapeText } from "../text/escape.js";
import type { Command } from "./command.js";
import { config } from "./config.js";
import { connect } from "./connect.js";
import { end } from "./end.js";
import { help } from "./help.js";
import { list } from "./list.js";
import { commandName } from "./names.js";
import { newSession } from "./new.js";
import { sessions } from "./sessions.js";
import { status } from "./status.js";

export { runCommand } from "./run.js";

const COMMANDS: ReadonlyMap<string, Command> = new Map([
  ["help", help],
  ["list", list],
  ["sessions", sessions],
  ["new", newSession],
  ["connect", connect],
  ["status", status],
  ["end", end],
  ["config", config],
]);

/** A command line taken apart. */
export interface CommandLine {
  command: Command;
  /** Whether there is such a command; one that there is not says so. */
  known: boolean;
  args: string[];
}

/** The first word is the command or an alias of it, the others are its arguments; nothing at all asks for help. */
export function parseCommand(text: string): CommandLine {
  const [first = "help", ...args] = text.split(/\s+/).filter((word) => word !== "");
  const word = first.toLowerCase();
  const command = COMMANDS.get(commandName(word));
  return { command: command ?? unknown(word), known: command !== undefined, args };
}

function unknown(word: string): Command {
  const text = `Unknown command: \`${escapeText(word)}\`. Try \`help\` for available commands.`;
  return (_bridge, { answer }) => answer({ text });
}
