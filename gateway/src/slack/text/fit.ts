/**
 * Messages in the sizes that Slack takes, and what is left to try when it
 * refuses one all the same: the same in smaller messages, or without blocks.
 */
import type { types } from "@slack/bolt";
import { cut, wholeMarkup } from "./cut.js";
import { escapeText } from "./escape.js";
import { type SlackText, section } from "./message.js";
import { splitMarkdown } from "./split.js";

/** Slack cuts off, or refuses, text of more than 40,000 characters, and advises against much less. */
const MAX_TEXT = 12_000;
/** https://docs.slack.dev/reference/block-kit/blocks */
const MAX_BLOCKS = 50;
const MAX_SECTION = 2_900;
/** Nothing is split into less: what Slack refuses then, it does not refuse for its length. */
const LEAST = 400;

/** The message, or several that say the same, each within the limits of Slack's documentation. */
export function fit(message: SlackText): SlackText[] {
  const { text, blocks } = message;
  if (!blocks) {
    return text.length <= MAX_TEXT ? [message] : splitMarkup(text, MAX_TEXT).map(asText);
  }
  if (blocks.length <= MAX_BLOCKS) return [message];
  return halves({ ...message, blocks }).flatMap(fit);
}

/** The same in smaller messages, or with less of what is long; undefined when nothing is long. */
export function smaller(message: SlackText): SlackText[] | undefined {
  const { text, blocks } = message;
  if (!blocks) {
    return text.length <= LEAST ? undefined : splitMarkup(text, half(text)).map(asText);
  }
  const source = markdownOf(blocks);
  if (source !== undefined) {
    if (source.length <= LEAST) return plainer(message);
    return splitMarkdown(source, half(source)).map((part) => ({
      text: escapeText(part),
      blocks: [{ type: "markdown", text: part }],
    }));
  }
  // What is answered by buttons stays one message: it is changed in its place when it is answered.
  if (blocks.some(({ type }) => type === "actions")) return shortened(message, blocks);
  return blocks.length > 1 ? halves({ ...message, blocks }) : plainer(message);
}

/** The same without the blocks that Slack may not know, then without any; undefined for a text. */
export function plainer(message: SlackText): SlackText[] | undefined {
  const { text, blocks } = message;
  if (!blocks) return undefined;
  const source = markdownOf(blocks);
  if (source === undefined && blocks.some(({ type }) => type === "markdown")) {
    const plain = blocks.flatMap((block) =>
      block.type === "markdown"
        ? splitMarkup(escapeText(block.text), MAX_SECTION).map(section)
        : [block],
    );
    if (plain.length <= MAX_BLOCKS) return [{ text, blocks: plain }];
  }
  const content = source === undefined ? contentOf(blocks) : escapeText(source);
  return splitMarkup(content || text, MAX_TEXT).map(asText);
}

/** The source of a message that is Markdown and nothing else. */
function markdownOf(blocks: types.KnownBlock[]): string | undefined {
  const sources = blocks.flatMap((block) => (block.type === "markdown" ? [block.text] : []));
  return sources.length > 0 && sources.length === blocks.length ? sources.join("\n\n") : undefined;
}

/** All that the blocks say, in mrkdwn. */
function contentOf(blocks: types.KnownBlock[]): string {
  return blocks.flatMap(wordsOf).filter(Boolean).join("\n");
}

function wordsOf(block: types.KnownBlock): string[] {
  switch (block.type) {
    case "header":
      return [`*${wordsIn(block.text)}*`];
    case "section":
      return [block.text, ...(block.fields ?? [])].map(wordsIn);
    case "context":
      return block.elements.map((element) => ("text" in element ? wordsIn(element) : ""));
    case "markdown":
      return [escapeText(block.text)];
    default:
      return [];
  }
}

function wordsIn(element: types.TextObject | undefined): string {
  if (!element) return "";
  return element.type === "mrkdwn" ? element.text : escapeText(element.text);
}

function halves({ text, blocks }: Required<Pick<SlackText, "text" | "blocks">>): SlackText[] {
  const middle = Math.ceil(blocks.length / 2);
  return [blocks.slice(0, middle), blocks.slice(middle)].map((part) => ({ text, blocks: part }));
}

/** With half of the longest Markdown; without Markdown, plainer. */
function shortened(message: SlackText, blocks: types.KnownBlock[]): SlackText[] | undefined {
  const lengths = blocks.map((block) => (block.type === "markdown" ? block.text.length : 0));
  const longest = Math.max(...lengths);
  if (longest <= LEAST) return plainer(message);
  const less = blocks.map((block, index) =>
    block.type === "markdown" && lengths[index] === longest
      ? { ...block, text: cut(block.text, Math.ceil(longest / 2)) }
      : block,
  );
  return [{ ...message, blocks: less }];
}

function half(text: string): number {
  return Math.max(LEAST / 2, Math.ceil(text.length / 2));
}

function asText(text: string): SlackText {
  return { text };
}

/** Splits mrkdwn at line ends or spaces where there are some, and never within an entity or brackets. */
function splitMarkup(text: string, limit: number): string[] {
  const parts: string[] = [];
  let rest = text;
  while (rest.length > limit) {
    const head = rest.slice(0, limit);
    const at = [head.lastIndexOf("\n"), head.lastIndexOf(" ")].find((place) => place >= limit / 2);
    const part = at === undefined ? wholeMarkup(head) || head : head.slice(0, at);
    parts.push(part);
    rest = rest.slice(part.length).replace(at === undefined ? "" : /^[\n ]/, "");
  }
  if (rest.trim() !== "" || parts.length === 0) parts.push(rest);
  return parts;
}
