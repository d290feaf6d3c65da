import { escapeText } from "./escape.js";
import type { SlackText } from "./message.js";
import { neutralize } from "./neutralize.js";
import { splitMarkdown } from "./split.js";

/**
 * Slack documents 12,000 characters for a Markdown block, and refuses messages
 * over some 13,200 in all (https://github.com/slackapi/bolt-js/issues/2509).
 */
const LIMIT = 11_500;

/** An agent's answer as messages: Slack renders the Markdown, and has the source as its plain text. */
export function agentReply(markdown: string): SlackText[] {
  const safe = neutralize(markdown).trim();
  if (safe === "") return [{ text: "_The agent gave no answer._" }];
  return splitMarkdown(safe, LIMIT).map((part) => ({
    text: escapeText(part),
    blocks: [{ type: "markdown", text: part }],
  }));
}
