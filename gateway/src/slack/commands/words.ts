/**
 * A command line's words, as a shell has them: quotes hold what has blanks, and
 * what begins with a dash is a flag. People's editors make other quotes and
 * dashes of those that were typed, so all of them are taken.
 */

/** What ends a quotation, by what begins it. */
const QUOTES: ReadonlyMap<string, string> = new Map([
  ['"', '"”“'],
  ["'", "'’"],
  ["`", "`"],
  ["“", '”“"'],
  ["”", "”"],
  ["„", '“”"'],
  ["‟", "”"],
  ["‘", "’‘'"],
  ["’", "’"],
  ["‚", "‘’"],
  ["«", "»"],
  ["»", "«»"],
  ["‹", "›"],
  ["›", "‹"],
  ["「", "」"],
]);

/** Hyphens, dashes and the minus sign, of every width. */
const DASH = "\\-\u058a\u2010-\u2015\u2212\u2e3a\u2e3b\ufe58\ufe63\uff0d";
const FLAG = new RegExp(`^[${DASH}]{1,3}(\\p{L}[\\p{L}\\p{N}_${DASH}]*)(?:[=＝](.*))?$`, "su");
const FLAG_NAME = new RegExp(`^[${DASH}]{1,3}\\p{L}[\\p{L}\\p{N}_${DASH}]*$`, "u");

/** The words of a text, quotes included. */
export function wordsOf(text: string): string[] {
  const words: string[] = [];
  const ends = quotations(text);
  let from = -1;
  let isNamed = false;
  for (let at = 0; at <= text.length; at += 1) {
    if (at === text.length || isSpace(text.charAt(at))) {
      if (from >= 0) words.push(text.slice(from, at));
      from = -1;
      continue;
    }
    const begins = from < 0;
    if (begins) {
      from = at;
      isNamed = false;
    }
    // As in `--dir="/srv/my project"`; only the first `=` of a word can be that.
    const isValue = !isNamed && "=＝".includes(text.charAt(at - 1) || " ");
    if (isValue) isNamed = true;
    const quotes = begins || (isValue && FLAG_NAME.test(text.slice(from, at - 1)));
    if (quotes) at = Math.max(at, ends(at) - 1);
  }
  return words;
}

function isSpace(character: string): boolean {
  return /\s/.test(character);
}

/** Tells where a quotation ends that begins at a position; -1 if none does. Positions must rise: a quote that was not found is not looked for again. */
function quotations(text: string): (from: number) => number {
  const missing = new Set<string>();
  return (from) => {
    const opening = text.charAt(from);
    const closing = QUOTES.get(opening);
    if (closing === undefined || missing.has(opening)) return -1;
    for (let at = from + 1; at < text.length; at += 1) {
      const isEnd = at + 1 === text.length || /[\s.,;:!?…)]/.test(text.charAt(at + 1));
      if (isEnd && closing.includes(text.charAt(at))) return at + 1;
    }
    missing.add(opening);
    return -1;
  };
}

/** What a word's quotes hold; the word itself if it has none. */
export function unquoted(word: string): string {
  const end = quotations(word)(0);
  return end < 0 ? word : word.slice(1, end - 1);
}

/** A flag, with the value that is written together with it. */
export interface Flag {
  /** In lower case, without dashes. */
  name: string;
  value: string | undefined;
  /** As it was written, without the value. */
  written: string;
}

/** Reads a word as a flag; undefined if it is none, as a number or a dash alone is not. */
export function flagOf(word: string): Flag | undefined {
  const [, name, value] = FLAG.exec(word) ?? [];
  if (name === undefined) return undefined;
  const written = value === undefined ? word : word.slice(0, word.length - value.length - 1);
  return {
    name: name.toLowerCase(),
    value: value === undefined ? undefined : unquoted(value),
    written,
  };
}
