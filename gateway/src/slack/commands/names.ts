const ALIASES: ReadonlyMap<string, string> = new Map([
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

/** The name of the command that a word means; the word itself if it is no alias. */
export function commandName(word: string): string {
  const lower = word.toLowerCase();
  return ALIASES.get(lower) ?? lower;
}
