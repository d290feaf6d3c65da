import { escapeText } from "./escape.js";
import type { SlackText } from "./message.js";
import { neutralize } from "./neutralize.js";
import { splitMarkdown } from "./split.js";

/**
 * Slack documents 12,000 characters for a Markdown block, and refuses messages
 * over some 13,200 in all (https://github.com/slackapi/bolt-js/issues/2509).
 */
const LIMIT = 11_500;
/** Slack takes 40,000 characters of text, counted as they are sent: escaped, they may be five times as many. */
const MAX_TEXT = 39_000;
const LONGEST_ESCAPE = 5;

/** An agent's answer as messages: Slack renders the Markdown, and has the source as its plain text. */
export function agentReply(markdown: string): SlackText[] {
  const safe = neutralize(markdown).trim();
  if (safe === "") return [{ text: "_The agent gave no answer._" }];
  return splitMarkdown(safe, LIMIT).flatMap(markdownMessages);
}

/** Neutralized Markdown as a message, or as several if its plain text is too long for one. */
function markdownMessages(part: string): SlackText[] {
  const text = escapeText(part);
  if (text.length <= MAX_TEXT) return [{ text, blocks: [{ type: "markdown", text: part }] }];
  return splitMarkdown(part, MAX_TEXT / LONGEST_ESCAPE).flatMap(markdownMessages);
}
