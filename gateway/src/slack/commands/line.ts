/**
 * The one place that decides whether a text is a command line. A slash command
 * always is one; what is said to the app is one only if it is nothing else, so
 * that no words for an agent are taken for a command.
 *
 * - `sessions`, `status`, `help`, `config`, `end` and their aliases stand alone;
 * - `list` takes one project, `connect` one session, `new` a description;
 * - `remember` and `recall` take a text, whatever it is;
 * - an alias with words behind it is an everyday phrase, too ("start the
 *   server"): it is said to a session where there is one.
 */
import { trimBlank } from "../text/blank.js";
import { type CommandName, commandName, nearCommand, takesText } from "./names.js";
import { flagOf, wordsOf } from "./words.js";

/** What a text is to the app. */
export type Line = CommandLine | UnknownLine | { kind: "talk" };

export interface CommandLine {
  kind: "command";
  name: CommandName;
  /** The other words, with their quotes. */
  args: string[];
  /** Whether it can be nothing else. If not, a session is rather told it. */
  sure: boolean;
}

/** A single word that is no command, but may have been meant for one. */
export interface UnknownLine {
  kind: "unknown";
  word: string;
  /** The command that it is near to. */
  meant: string | undefined;
  sure: boolean;
}

/** Commands of this kind of app that this one has not. */
const NOT_HERE = new Set(["breakout", "discover", "projects", "work-status", "work_status"]);

/** Formatting and quotes that may stand around a whole line. */
const PAIRS = ["```", "`", "*", "_", "~", '""', "''", "“”", "„“", "‘’", "«»", "»«", "‹›", "()"];
/** An emoji is no word. */
const EMOJI = /^:[a-z0-9_+'-]+:/i;
/** What one may write between whom one speaks to and what one says. */
const LEADING = /^(?:[:,;.…!]+\s*|[-‐-―−]+\s+)+/;
const AROUND = /^[\s*_~`"'“”„‘’‚«»‹›(]+|[\s*_~`"'“”„‘’‚«»‹›).,;:!?…]+$/g;
/** Longer than any command with its decorations. */
const LONGEST_WORD = 60;
/** Beginnings of session ids. */
const ID = /^[0-9a-f-]{4,36}$/i;

/**
 * Reads what is said to the app, without what addresses it.
 * @param text as its author saw it
 * @param names what the app may be called by once more, as in `@amp /amp new`
 */
export function readLine(text: string, names: readonly string[]): Line {
  const line = unwrapped(text);
  if (line === "") return command("help");
  if (EMOJI.test(line)) return { kind: "talk" };
  const [first, rest] = firstWord(line.replace(LEADING, ""));
  const called = names.some((name) => bareName(name) === bareName(first));
  if (called) return rest === "" ? command("help") : readLine(rest, []);
  const args = wordsOf(rest).filter((word) => !/^[!.,:;?…]+$/.test(word));
  const name = commandName(first);
  if (name !== undefined && takesText(name)) return { ...command(name), args: textOf(rest) };
  if (name === undefined) return args.length === 0 ? unknown(first) : notHere(first, args);
  const sure = isSure(name, first.toLowerCase(), args);
  return fits(name, sure, args) ? { kind: "command", name, args, sure } : { kind: "talk" };
}

/** Reads the text of a slash command: its first word is the command, whatever follows. */
export function readSlash(text: string, names: readonly string[]): Exclude<Line, { kind: "talk" }> {
  const line = unwrapped(text);
  if (line === "") return command("help");
  const [first, rest] = firstWord(line.replace(LEADING, ""));
  if (names.some((name) => bareName(name) === bareName(first)) && rest !== "") {
    return readSlash(rest, []);
  }
  const name = commandName(first);
  if (name !== undefined) {
    const args = takesText(name) ? textOf(rest) : wordsOf(rest);
    return { kind: "command", name, args, sure: true };
  }
  return { kind: "unknown", word: first, meant: undefined, sure: true };
}

function command(name: CommandName): CommandLine {
  return { kind: "command", name, args: [], sure: true };
}

/** The one argument of a command that takes a text. */
function textOf(rest: string): string[] {
  return rest === "" ? [] : [rest];
}

function bareName(name: string): string {
  return name.replace(/^[@/]/, "").toLowerCase();
}

/** The line without the formatting or the quotes that stand around all of it. */
function unwrapped(text: string): string {
  let line = trimBlank(text);
  for (;;) {
    const pair = PAIRS.find((each) => isAround(each, line));
    if (pair === undefined) return line;
    const [open, close] = sides(pair);
    line = trimBlank(line.slice(open.length, line.length - close.length));
  }
}

function sides(pair: string): [open: string, close: string] {
  return pair.length === 2 ? [pair.charAt(0), pair.charAt(1)] : [pair, pair];
}

function isAround(pair: string, line: string): boolean {
  const [open, close] = sides(pair);
  if (line.length <= open.length + close.length) return false;
  if (!line.startsWith(open) || !line.endsWith(close)) return false;
  const inside = line.slice(open.length, line.length - close.length);
  return !inside.includes(open) && !inside.includes(close);
}

/** The first word without what stands around it, and the text behind it. */
function firstWord(line: string): [word: string, rest: string] {
  const [whole = ""] = /^\S+/.exec(line) ?? [];
  const rest = trimBlank(line.slice(whole.length));
  if (/^\?+$/.test(whole)) return ["?", rest];
  if (whole.length > LONGEST_WORD) return [whole, rest];
  return [trimBlank(whole.replace(AROUND, "")).replace(/^\//, "") || whole, rest];
}

function isSure(name: CommandName, word: string, args: string[]): boolean {
  if (args.length === 0 || word === name) return true;
  return name === "connect" && ID.test(args[0] ?? "");
}

/** Whether the words are what the command takes. Flags always are: the command knows which it has. */
function fits(name: CommandName, sure: boolean, args: string[]): boolean {
  const words = args.filter((word) => flagOf(word) === undefined);
  switch (name) {
    case "new":
      return true;
    case "list":
      return words.length <= 1;
    case "connect":
      // "join us" asks for no session.
      return words.length <= 1 && (sure || words.length === 0);
    default:
      return words.length === 0 && sure;
  }
}

/** A single word. */
function unknown(word: string): Line {
  const lower = word.toLowerCase();
  if (NOT_HERE.has(lower)) return { kind: "unknown", word, meant: undefined, sure: false };
  const near = /^[a-z]{2,12}$/.test(lower) ? nearCommand(lower) : undefined;
  return near ? { kind: "unknown", word, meant: near.meant, sure: near.slip } : { kind: "talk" };
}

function notHere(word: string, args: string[]): Line {
  const isDiscover = word.toLowerCase() === "discover" && /^\d+$/.test(args.join(" "));
  return isDiscover ? { kind: "unknown", word, meant: undefined, sure: false } : { kind: "talk" };
}
