import { escapeText } from "../text/escape.js";
import type { Command } from "./command.js";
import { config } from "./config.js";
import { connect } from "./connect.js";
import { end } from "./end.js";
import { help } from "./help.js";
import type { CommandLine, UnknownLine } from "./line.js";
import { list } from "./list.js";
import { type CommandName, takesText } from "./names.js";
import { newSession } from "./new.js";
import { recall, remember } from "./notes.js";
import { sessions } from "./sessions.js";
import { status } from "./status.js";
import { type Flag, flagOf } from "./words.js";

export { runCommand } from "./run.js";

const COMMANDS: Record<CommandName, Command> = {
  help,
  list,
  sessions,
  new: newSession,
  connect,
  status,
  end,
  config,
  remember,
  recall,
};

/** How a command is written, where it takes more than its name; for mrkdwn. */
const USAGES: Partial<Record<CommandName, string>> = {
  list: "list [project]",
  new: "new [--dir &lt;path&gt;] [description]",
  connect: "connect &lt;session_id&gt;",
};
const FLAGS: Partial<Record<CommandName, string[]>> = { new: ["dir"] };

const NOT_ENDED = "_Nothing was ended: `end` stands alone, or takes session ids or `all`._";

/** The command that a line asks for; one that there is not says so. */
export function commandOf(line: CommandLine | UnknownLine): Command {
  if (line.kind === "unknown") return unknown(line);
  const { name, args } = line;
  if (name === "end" && args.length > 0) return saying(NOT_ENDED);
  if (takesText(name)) return COMMANDS[name];
  const flag = flagsOf(args).find((each) => !FLAGS[name]?.includes(each.name));
  return flag ? unknownFlag(name, flag) : COMMANDS[name];
}

/** The flags among the words; `--` ends them. */
function flagsOf(args: string[]): Flag[] {
  const end = args.indexOf("--");
  return args
    .slice(0, end < 0 ? undefined : end)
    .map(flagOf)
    .filter((flag) => flag !== undefined);
}

function unknown({ word, meant }: UnknownLine): Command {
  const help =
    meant === undefined ? "Try `help` for available commands." : `Did you mean \`${meant}\`?`;
  const text = `Unknown command: \`${escapeText(word.toLowerCase())}\`. ${help}`;
  return saying(text);
}

function saying(text: string): Command {
  return (_bridge, { answer }) => answer({ text });
}

function unknownFlag(name: CommandName, { written }: Flag): Command {
  const usage = USAGES[name] ?? name;
  const quote = name === "new" ? "\nPut a description that has a flag in quotes." : "";
  const text = `Unknown flag: \`${escapeText(written)}\`. Usage: \`${usage}\`${quote}`;
  return saying(text);
}
