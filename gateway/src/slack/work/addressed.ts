import { BLANK, trimBlank } from "../text/blank.js";
import type { AppName } from "../text/escape.js";
import { sampleFinder } from "../text/samples.js";

/** A message that addresses the app. */
export interface Call {
  /** By a mention, and not only by its name as the first word. */
  mentioned: boolean;
  /** The text without that, in Slack's markup. A mention between other words stays: it is one of them. */
  rest: string;
}

/** What may stand around a mention, a name or a word without changing what it means. */
const WRAPPING = "*_~`";
/** What may follow whom one speaks to. */
const PAUSE = /^[:,;](?=\s|$)/;

/**
 * Whether a message mentions the app, or begins with its name. A mention in
 * code or in a quotation addresses nobody.
 */
export function addressed(text: string, app: AppName): Call | undefined {
  const mentions = mentionsOf(text, app.id);
  if (mentions.length === 0) return named(trimBlank(text), app.name);
  return { mentioned: true, rest: withoutMentions(text, mentions) };
}

interface Mention {
  from: number;
  to: number;
}

function mentionsOf(text: string, id: string): Mention[] {
  const mention = new RegExp(`<@${literally(id)}(?:\\|[^<>]*)?>`, "g");
  const isSample = sampleFinder(text);
  return [...text.matchAll(mention)]
    .map(({ index, 0: { length } }) => ({ from: index, to: index + length }))
    .filter(({ from }) => !isSample(from));
}

/** The text without the mentions that it begins or ends with. */
function withoutMentions(text: string, mentions: Mention[]): string {
  let [from, to] = [0, text.length];
  let opened = "";
  for (const mention of mentions) {
    const between = text.slice(from, mention.from);
    if (!isWrapping(between)) break;
    opened += trimBlank(between);
    from = mention.to;
  }
  for (const mention of mentions.toReversed()) {
    if (mention.from < from || trimBlank(text.slice(mention.to, to)) !== "") break;
    to = mention.from;
  }
  const rest = balanced(opened, trimBlank(text.slice(from, to)));
  return trimBlank(rest.replace(PAUSE, ""));
}

/** Only blanks and formatting; looks no further than it must. */
function isWrapping(text: string): boolean {
  return text.length < 100 && [...trimBlank(text)].every((each) => WRAPPING.includes(each));
}

/** The rest of a text whose formatting was opened before the mention: closed right behind it, or at the end. */
function balanced(opened: string, rest: string): string {
  let text = rest;
  for (const mark of [...opened].toReversed()) {
    text = text.startsWith(mark) ? trimBlank(text.slice(mark.length)) : mark + text;
  }
  return text;
}

/** A text that begins with the app's bare name, which may be formatted. */
function named(text: string, name: string): Call | undefined {
  const first = new RegExp(
    `^[${WRAPPING}]*@?${literally(name)}[${WRAPPING}]*[:,;]?(?=[\\s${BLANK}]|$)`,
    "i",
  );
  const [head] = first.exec(text) ?? [];
  if (head === undefined) return undefined;
  return { mentioned: false, rest: trimBlank(text.slice(head.length)) };
}

function literally(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}
