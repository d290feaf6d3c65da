/** The commands there are. */
const NAMES = [
  "help",
  "list",
  "sessions",
  "new",
  "connect",
  "status",
  "end",
  "config",
  "remember",
  "recall",
] as const;
export type CommandName = (typeof NAMES)[number];

const ALIASES: ReadonlyMap<string, CommandName> = new Map([
  ...NAMES.map((name) => [name, name] as const),
  ["?", "help"],
  ["ls", "list"],
  ["start", "new"],
  ["create", "new"],
  ["attach", "connect"],
  ["join", "connect"],
  ["info", "status"],
  ["disconnect", "end"],
  ["quit", "end"],
  ["stop", "end"],
  ["close", "end"],
]);

/** Whether what follows the command is one text, and no words or flags. */
export function takesText(name: CommandName): boolean {
  return name === "remember" || name === "recall";
}

/** The name of the command that a word means, in whatever case; undefined if it means none. */
export function commandName(word: string): CommandName | undefined {
  return ALIASES.get(word.toLowerCase());
}

/** A command that a word may have been meant for. */
export interface Near {
  /** The command's word, or the alias that is near. */
  meant: string;
  /** Whether letters were swapped, doubled or left out, as fingers do it; else it may be a word of its own, as "last" is. */
  slip: boolean;
}

/** The command that a word is one letter, or one swap of two, away from. */
export function nearCommand(word: string): Near | undefined {
  const given = word.toLowerCase();
  let near: Near | undefined;
  for (const meant of ALIASES.keys()) {
    if (meant.length < 3 || Math.abs(meant.length - given.length) > 1) continue;
    if (isSlip(given, meant)) return { meant, slip: true };
    // Of three letters, too many are one letter away.
    if (meant.length > 3 && isOneAway(given, meant)) near ??= { meant, slip: false };
  }
  return near;
}

function isSlip(given: string, meant: string): boolean {
  const at = firstDifference(given, meant);
  const [one = "", other = ""] = [meant[at], meant[at + 1]];
  const swapped = meant.slice(0, at) + other + one + meant.slice(at + 2);
  const doubled = meant.slice(0, at) + (meant[at - 1] ?? "") + meant.slice(at);
  const without = meant.slice(0, at) + meant.slice(at + 1);
  return given === swapped || given === doubled || (meant.length > 3 && given === without);
}

function isOneAway(given: string, meant: string): boolean {
  const at = firstDifference(given, meant);
  const [rest, wanted] = [given.slice(at), meant.slice(at)];
  return rest.slice(1) === wanted.slice(1) || rest.slice(1) === wanted || rest === wanted.slice(1);
}

function firstDifference(one: string, other: string): number {
  let at = 0;
  while (at < one.length && one[at] === other[at]) at += 1;
  return at;
}
