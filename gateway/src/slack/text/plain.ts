import { cut } from "./cut.js";
import { escapeText } from "./escape.js";
import { type SlackText, section } from "./message.js";

/** Escaped, a text may be five times as long, and a section takes 3,000. */
const MAX_SECTION = 550;

/** The message without Markdown blocks, for a Slack that does not show them: as it is written, and no more than a beginning of what stands among other blocks. */
export function withoutMarkdown({ text, blocks = [] }: SlackText): SlackText {
  if (blocks.every(({ type }) => type === "markdown")) return { text };
  return {
    text,
    blocks: blocks.map((block) =>
      block.type === "markdown" ? section(escapeText(cut(block.text, MAX_SECTION))) : block,
    ),
  };
}
