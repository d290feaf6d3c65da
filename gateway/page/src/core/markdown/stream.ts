import type { Token } from "marked";
import { BoundedLexer } from "./lexer.js";
import { plainBlock, renderBlock } from "./render.js";

/** The HTML of a growing text, one string a top-level block. */
export interface MarkdownStream {
  /**
   * Takes the whole text so far and answers its blocks. Blocks that did not
   * change are the very same strings, so that a view can leave them alone.
   * @param done whether the text is complete
   */
  update(text: string, done: boolean): string[];
}

/**
 * Renders Markdown while it is being written. Each update parses only what may
 * still change:
 * - A further line can alter nothing but the last block.
 * - A line that is still being written ("3", later "3. item") may stand as a
 *   block of its own until it joins the one before: so the last two are open.
 * - Blocks without a blank line between them are parsed together, as some
 *   depend on what they interrupt.
 * - What a block is can, rarely, depend on more than all this: a text that is
 *   complete is parsed whole once more, so that its last view is always right.
 * - A link definition gives meaning to references anywhere before it: a text
 *   that seems to have one is parsed whole, unless it is so long that this has
 *   to wait for its end.
 *
 * Nothing in a text makes it throw, or work longer than for a blink: what is
 * nested too deep, too long, too costly or makes too much HTML is shown as it
 * stands, and the rest as usual.
 */
export function markdownStream(): MarkdownStream {
  /** The text that cannot change any more, its blocks, and how many tags they have. */
  let prefix = "";
  let settled: string[] = [];
  let settledTags = 0;
  let cache = new Map<string, string>();

  return {
    update(raw, done) {
      const all = raw.replace(/\r\n?/g, "\n");
      const text = all.length > LONGEST ? all.slice(0, cut(all)) : all;
      const whole = done || (text.length < LONGEST_WHOLE && LINK_DEFINITION.test(text));
      if (whole || !text.startsWith(prefix)) {
        settled = [];
        settledTags = 0;
        prefix = "";
      }
      const tokens = lex(text.slice(prefix.length));
      const solid = tokens.flatMap((token, at) => (token.type === "space" ? [] : [at]));
      const last = solid.at(-1) ?? 0;
      const open = whole ? 0 : (solid.at(-2) ?? 0);
      const blocks = [...settled];
      const next = new Map<string, string>();
      let count = settledTags;
      /** How many tokens and blocks cannot change any more, and the tags in them. */
      let [settledTokens, settledBlocks, settledCount] = [0, settled.length, settledTags];
      let before = prefix.slice(-BLANK_LINE_LENGTH);
      let rest = "";
      for (const [at, token] of tokens.entries()) {
        if (count > MOST_TAGS_IN_ALL) {
          rest += token.raw;
          continue;
        }
        if (at <= open && BLANK_LINE.test(before)) {
          settledTokens = at;
          settledBlocks = blocks.length;
          settledCount = count;
        }
        const html = render(token, !done && at >= last, whole, next);
        if (html) blocks.push(html);
        count += tags(html);
        before = (before + token.raw).slice(-BLANK_LINE_LENGTH);
      }
      prefix += tokens
        .slice(0, settledTokens)
        .map((token) => token.raw)
        .join("");
      settled = blocks.slice(0, settledBlocks);
      settledTags = settledCount;
      cache = next;
      return [...blocks, ...plainBlocks(rest + all.slice(text.length))];
    },
  };

  /** In a text parsed whole, the same source may render differently: nothing is taken from the cache. */
  function render(token: Token, growing: boolean, whole: boolean, next: Map<string, string>) {
    const key = `${growing}${token.raw}`;
    const html = (whole ? undefined : cache.get(key)) ?? safely(token, growing);
    next.set(key, html);
    return html;
  }
}

/** Characters that are read as Markdown; what comes after them is shown as it stands. */
const LONGEST = 150_000;
/** Characters of a text that is parsed whole again and again while it grows. */
const LONGEST_WHOLE = 20_000;
/** Tags that one block may have, and all: a page with more of them is slow to draw, and to scroll. */
const MOST_TAGS = 6_000;
const MOST_TAGS_IN_ALL = 24_000;

/** The place of the last line that still fits. */
function cut(text: string): number {
  const line = text.lastIndexOf("\n", LONGEST);
  return line > LONGEST / 2 ? line : LONGEST;
}

function lex(text: string): Token[] {
  try {
    return new BoundedLexer().lex(text);
  } catch {
    // Whatever it is that marked stumbles over, it is somebody's words.
    return [{ type: "text", raw: text, text }];
  }
}

function safely(token: Token, growing: boolean): string {
  try {
    const html = renderBlock([token], growing);
    return tags(html) > MOST_TAGS ? plainBlock(token.raw) : html;
  } catch {
    return plainBlock(token.raw);
  }
}

/** Pieces that can be drawn one after the other. */
function plainBlocks(text: string): string[] {
  const blocks: string[] = [];
  for (let at = 0; at < text.length; at += PIECE)
    blocks.push(plainBlock(text.slice(at, at + PIECE)));
  return blocks;
}

const PIECE = 20_000;

function tags(html: string): number {
  let count = 0;
  for (let at = html.indexOf("<"); at >= 0; at = html.indexOf("<", at + 1)) count += 1;
  return count;
}

const BLANK_LINE = /\n[ \t]*\n$/;
/** A blank line that is longer is not seen as one: then more is parsed again. */
const BLANK_LINE_LENGTH = 100;

/** A line that may be a link definition, also within a list or a quote. */
const LINK_DEFINITION = /^[ \t>*+\-\d.)]*\[(?:\\.|[^\]\\]){1,999}\]:/ms;
