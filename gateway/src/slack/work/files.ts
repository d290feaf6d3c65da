import type { SlackMessage } from "../door/delivery.js";
import { escapeText } from "../text/escape.js";
import type { SlackText } from "../text/message.js";

/** How many files are named. */
const MOST = 5;

/** Tells the author of a message that its files were not read; undefined if it has none. */
export function filesNote({ files = [] }: SlackMessage): SlackText | undefined {
  if (files.length === 0) return undefined;
  const named = files.slice(0, MOST).map((name) => `\`${escapeText(name.replaceAll("`", "'"))}\``);
  const more = files.length > MOST ? ` and ${files.length - MOST} more` : "";
  return {
    text: `_I cannot read files yet. The agent was told only the name:_ ${named.join(", ")}${more}`,
  };
}
