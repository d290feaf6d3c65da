import { Lexer, type Token } from "marked";
import { renderBlock } from "./render.js";

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
 *   that seems to have one is parsed whole.
 */
export function markdownStream(): MarkdownStream {
  /** The text that cannot change any more, and its blocks. */
  let prefix = "";
  let settled: string[] = [];
  let cache = new Map<string, string>();

  return {
    update(raw, done) {
      const text = raw.replace(/\r\n?/g, "\n");
      const whole = done || LINK_DEFINITION.test(text);
      if (whole || !text.startsWith(prefix)) {
        settled = [];
        prefix = "";
      }
      const tokens = new Lexer({ gfm: true }).lex(text.slice(prefix.length));
      const solid = tokens.flatMap((token, at) => (token.type === "space" ? [] : [at]));
      const last = solid.at(-1) ?? 0;
      const open = whole ? 0 : (solid.at(-2) ?? 0);
      const blocks = [...settled];
      const next = new Map<string, string>();
      let read = prefix;
      for (const [at, token] of tokens.entries()) {
        if (at <= open && BLANK_LINE.test(read)) {
          prefix = read;
          settled = [...blocks];
        }
        const html = render(token, !done && at >= last, whole, next);
        if (html) blocks.push(html);
        read += token.raw;
      }
      cache = next;
      return blocks;
    },
  };

  /** In a text parsed whole, the same source may render differently: nothing is taken from the cache. */
  function render(token: Token, growing: boolean, whole: boolean, next: Map<string, string>) {
    const key = `${growing}${token.raw}`;
    const html = (whole ? undefined : cache.get(key)) ?? renderBlock([token], growing);
    next.set(key, html);
    return html;
  }
}

const BLANK_LINE = /\n[ \t]*\n$/;

/** A line that may be a link definition, also within a list or a quote. */
const LINK_DEFINITION = /^[ \t>*+\-\d.)]*\[(?:\\.|[^\]\\]){1,999}\]:/ms;
