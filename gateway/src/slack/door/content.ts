/**
 * What a message holds: its words, and what came with them
 * (https://docs.slack.dev/reference/events/message).
 */
import { cut } from "../text/cut.js";
import { escapeText } from "../text/escape.js";
import { blocksText, fieldsOf, listOf, textOf, withSamples } from "./blocks.js";

/** All in Slack's own markup. */
export interface Content {
  /** What its author wrote; empty if nothing. */
  text: string;
  /** What else there is for an agent to read: forwarded messages, and the names of files. */
  attached: string;
  /** Whether a message was forwarded with it: its words say something about that. */
  forwards: boolean;
  /** The names of its files, which cannot be read. */
  files: string[];
}

/** The most that is read of each part that people do not write themselves. */
const MAX_PART = 10_000;
/** The most files and forwarded messages of one message. */
const MAX_PARTS = 20;

/**
 * Reads a message's event. Undefined if there is nothing in it at all, or only
 * a preview that Slack added to a link.
 */
export function contentOf(event: Record<string, unknown>): Content | undefined {
  const blocks = event["blocks"];
  const attachments = listOf(event["attachments"]).slice(0, MAX_PARTS);
  const forwards = attachments.filter(isForwarded);
  const own = attachments.filter((each) => !isForwarded(each) && !isPreview(each));
  const files = [...listOf(event["files"]), ...forwards.flatMap((each) => listOf(each["files"]))];
  const names = files.slice(0, MAX_PARTS).map(fileName);
  const words = textOf(event["text"]);
  const text = isBlank(words)
    ? blocksText(blocks) || own.map(attachmentText).filter(Boolean).join("\n")
    : withSamples(words, blocks);
  const parts = [...forwards.map(forwarded), ...files.slice(0, MAX_PARTS).map(fileText)];
  const content = {
    text: isBlank(text) ? "" : text,
    attached: parts.join("\n"),
    forwards: forwards.length > 0,
    files: names,
  };
  const isThere = content.text !== "" || parts.length > 0 || own.length > 0;
  return isThere || listOf(blocks).length > 0 ? content : undefined;
}

function isBlank(text: string): boolean {
  return text.trim() === "";
}

function isForwarded(attachment: Record<string, unknown>): boolean {
  return attachment["is_share"] === true || attachment["is_msg_unfurl"] === true;
}

function isPreview(attachment: Record<string, unknown>): boolean {
  return "from_url" in attachment || "original_url" in attachment || "service_name" in attachment;
}

/** A forwarded message, as a quotation below a line that tells whose it is. */
function forwarded(attachment: Record<string, unknown>): string {
  const shown = listOf(attachment["message_blocks"]).map(({ message }) =>
    blocksText(fieldsOf(message)["blocks"]),
  );
  const text = shown.join("\n") || textOf(attachment["text"]) || textOf(attachment["fallback"]);
  const author = textOf(attachment["author_name"]) || textOf(attachment["author_subname"]);
  const url = textOf(attachment["from_url"]);
  const of = [author && ` of ${escapeText(author)}`, url && `: ${escapeText(url)}`].join("");
  const lines = cut(text, MAX_PART).split("\n");
  return [`[forwarded message${of}]`, ...lines.map((line) => `&gt; ${line}`)].join("\n");
}

/** What an app attached to words in a person's name. */
function attachmentText(attachment: Record<string, unknown>): string {
  const parts = ["pretext", "title", "text"].map((key) => textOf(attachment[key]));
  const said = parts.filter(Boolean).join("\n") || blocksText(attachment["blocks"]);
  return cut(said || escapeText(textOf(attachment["fallback"])), MAX_PART);
}

function fileName(file: Record<string, unknown>): string {
  return cut(textOf(file["name"]) || textOf(file["title"]) || "without a name", 200);
}

/** A file by its name; of a snippet also the beginning, which Slack tells. */
function fileText(file: Record<string, unknown>): string {
  const name = `[file: ${escapeText(fileName(file))}]`;
  const preview = textOf(file["preview"]);
  if (preview === "" || file["mode"] !== "snippet") return name;
  const more = file["preview_is_truncated"] === true ? "\n[the rest of it was not read]" : "";
  return `${name}\n${escapeText(cut(preview, MAX_PART))}${more}`;
}
