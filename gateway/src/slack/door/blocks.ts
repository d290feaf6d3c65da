/**
 * The blocks of a message as text in Slack's markup
 * (https://docs.slack.dev/reference/block-kit/blocks). A person's message has
 * them beside its text; some messages have nothing else.
 */
import { escapeText } from "../text/escape.js";
import { sampleFinder } from "../text/samples.js";

type Fields = Record<string, unknown>;

/** The fields of an object, and none of anything else. */
export function fieldsOf(value: unknown): Fields {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

/** The objects of a list, and none of anything else. */
export function listOf(value: unknown): Fields[] {
  return Array.isArray(value) ? value.map(fieldsOf) : [];
}

/** A string, or nothing. */
export function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** What the blocks say. */
export function blocksText(blocks: unknown): string {
  return listOf(blocks).map(blockText).filter(Boolean).join("\n");
}

function blockText(block: Fields): string {
  switch (block["type"]) {
    case "rich_text":
      return listOf(block["elements"]).map(richText).join("\n");
    case "section":
      return [block["text"], ...listOf(block["fields"])].map(textObject).filter(Boolean).join("\n");
    case "header":
      return textObject(block["text"]);
    case "context":
      return listOf(block["elements"]).map(textObject).filter(Boolean).join(" ");
    case "markdown":
      return escapeText(textOf(block["text"]));
    case "image":
      return `[image: ${escapeText(textOf(block["alt_text"]) || "without a description")}]`;
    case "video":
      return `[video: ${textObject(block["title"])}]`;
    case "table":
      return rows(block["rows"]);
    default:
      return "";
  }
}

function textObject(value: unknown): string {
  const { type, text, alt_text: alt } = fieldsOf(value);
  if (type === "image") return `[image: ${escapeText(textOf(alt))}]`;
  return type === "mrkdwn" ? textOf(text) : escapeText(textOf(text));
}

function rows(value: unknown): string {
  const lines = Array.isArray(value) ? value : [];
  return lines.map((cells) => listOf(cells).map(cell).join(" | ")).join("\n");
}

function cell(value: Fields): string {
  return value["type"] === "rich_text" ? blockText(value) : escapeText(textOf(value["text"]));
}

/** One of the parts of a rich text. */
function richText({ type, elements, style }: Fields): string {
  if (type === "rich_text_list") {
    const mark = style === "ordered" ? (at: number) => `${at + 1}.` : () => "•";
    return listOf(elements)
      .map((item, at) => `${mark(at)} ${inline(item["elements"])}`)
      .join("\n");
  }
  if (type === "rich_text_preformatted") return `\`\`\`${inline(elements)}\`\`\``;
  if (type === "rich_text_quote") return inline(elements).replace(/^/gm, "&gt; ");
  return inline(elements);
}

function inline(elements: unknown): string {
  return listOf(elements)
    .map((each) => styled(element(each), fieldsOf(each["style"])))
    .join("");
}

function element(each: Fields): string {
  const id = (key: string) => textOf(each[key]);
  switch (each["type"]) {
    case "text":
      return escapeText(id("text"));
    case "link":
      return `<${escapeText(id("url"))}${id("text") && `|${escapeText(id("text"))}`}>`;
    case "user":
      return `<@${id("user_id")}>`;
    case "usergroup":
      return `<!subteam^${id("usergroup_id")}>`;
    case "channel":
      return `<#${id("channel_id")}>`;
    case "broadcast":
      return `<!${id("range")}>`;
    case "emoji":
      return `:${id("name")}:`;
    case "color":
      return escapeText(id("value"));
    case "date":
      return escapeText(id("fallback"));
    default:
      return "";
  }
}

const STYLES = [
  ["bold", "*"],
  ["italic", "_"],
  ["strike", "~"],
  ["code", "`"],
] as const;

function styled(text: string, style: Fields): string {
  // Formatting touches no blanks.
  const inner = text.trim();
  if (inner === "") return text;
  const marks = STYLES.filter(([name]) => style[name] === true).map(([, mark]) => mark);
  const open = marks.join("");
  return text.replace(inner, () => open + inner + marks.toReversed().join(""));
}

const MENTION = /<@([A-Z0-9]+)(?:\|[^<>]*)?>/g;

/**
 * The text of a message, in which each mention that its blocks show as code or
 * in a quotation stands in code, so that it is none.
 */
export function withSamples(text: string, blocks: unknown): string {
  const told = mentionsIn(blocks);
  if (!told.some(({ sample }) => sample)) return text;
  const found = [...text.matchAll(MENTION)];
  const agree =
    found.length === told.length && found.every(([, user], at) => told[at]?.user === user);
  const isSample = sampleFinder(text);
  const meant = new Set(told.filter(({ sample }) => !sample).map(({ user }) => user));
  const shown = new Set(told.map(({ user }) => user));
  let at = -1;
  return text.replace(MENTION, (mention: string, user: string, position: number) => {
    at += 1;
    const sample = agree ? told[at]?.sample : shown.has(user) && !meant.has(user);
    return sample && !isSample(position) ? `\`${mention}\`` : mention;
  });
}

/** The people whom rich texts name, in their order, and whether only as a sample. */
function mentionsIn(blocks: unknown): { user: string; sample: boolean }[] {
  const parts = listOf(blocks)
    .filter(({ type }) => type === "rich_text")
    .flatMap(({ elements }) => listOf(elements));
  return parts.flatMap(({ type, elements }) => {
    const sample = type === "rich_text_preformatted" || type === "rich_text_quote";
    const items =
      type === "rich_text_list"
        ? listOf(elements).flatMap((item) => listOf(item["elements"]))
        : listOf(elements);
    return items
      .filter((each) => each["type"] === "user")
      .map((each) => ({
        user: textOf(each["user_id"]),
        sample: sample || fieldsOf(each["style"])["code"] === true,
      }));
  });
}
