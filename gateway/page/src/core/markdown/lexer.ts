import { Lexer, type Token, Tokenizer, type Tokens, type TokensList } from "marked";

/**
 * How deep blocks, and spans within a block, may stand in each other. marked
 * parses and renders by recursion: 1,000 levels are more than a stack has.
 */
const MAX_DEPTH = 24;
/** How many characters of block structure a text may cost, counted again at each level, and how many a block costs more. */
const BLOCK_BUDGET = 500_000;
const BLOCK_COST = 50;
/** How much the spans of one run of text may cost, and those of a whole text: characters times marks. */
const RUN_BUDGET = 3_000_000;
const INLINE_BUDGET = 10_000_000;
/** How many characters an underlined heading may have. */
const HEADING_LIMIT = 300;

/** What a span may begin or end with. marked may look through the whole run for each of them. */
const MARK = /[*_~[\]()!<`\\:@]/g;

/**
 * marked's lexer with its nesting and its work bounded. Some of marked's rules
 * look through all the text for each mark in it, and so take seconds for 40,000
 * characters of `_a__b___`. What is beyond the bounds is left as the text that
 * it is. No sensible text comes near them.
 *
 * `lex` throws what marked throws, and when one rule alone would cost too much.
 */
export class BoundedLexer extends Lexer {
  private depth = 0;
  private blockWork = 0;
  private inlineWork = 0;

  constructor() {
    const tokenizer = new BoundedTokenizer((characters) => this.mayRead(characters));
    super({ gfm: true, tokenizer });
  }

  override blockTokens(src: string, tokens?: Token[], lastParagraphClipped?: boolean): Token[];
  override blockTokens(
    src: string,
    tokens?: TokensList,
    lastParagraphClipped?: boolean,
  ): TokensList;
  override blockTokens(src: string, tokens: Token[] = [], lastParagraphClipped?: boolean): Token[] {
    if (this.depth >= MAX_DEPTH || !this.mayRead(src.length + BLOCK_COST)) {
      return asItIs(src, tokens);
    }
    return this.within(() => super.blockTokens(src, tokens, lastParagraphClipped));
  }

  override inlineTokens(src: string, tokens: Token[] = []): Token[] {
    const work = src.length * (src.match(MARK)?.length ?? 0);
    this.inlineWork += work;
    const tooMuch = work > RUN_BUDGET || this.inlineWork > INLINE_BUDGET;
    if (this.depth >= MAX_DEPTH || tooMuch) return asItIs(src, tokens);
    return this.within(() => super.inlineTokens(src, tokens));
  }

  private mayRead(characters: number): boolean {
    this.blockWork += characters;
    return this.blockWork <= BLOCK_BUDGET;
  }

  private within<T>(lex: () => T): T {
    this.depth += 1;
    try {
      return lex();
    } finally {
      this.depth -= 1;
    }
  }
}

function asItIs(src: string, tokens: Token[]): Token[] {
  if (src !== "") tokens.push({ type: "text", raw: src, text: src });
  return tokens;
}

/** Rules that are tried at every line and look through all lines after it; here, through a few, or counted. */
class BoundedTokenizer extends Tokenizer {
  constructor(private readonly mayRead: (characters: number) => boolean) {
    super();
  }

  override blockquote(src: string): Tokens.Blockquote | undefined {
    if (!/^ {0,3}>/.test(src)) return undefined;
    const raw = paragraphAt(src);
    // After each line that goes on without its mark, marked takes the rest apart anew.
    const lazy = raw.match(/\n(?! {0,3}>)/g)?.length ?? 0;
    if (this.mayRead(raw.length * (1 + lazy / 100))) return super.blockquote(src);
    return { type: "blockquote", raw, text: raw, tokens: asItIs(raw, []) };
  }

  override lheading(src: string): Tokens.Heading | undefined {
    const end = src.length > HEADING_LIMIT ? src.lastIndexOf("\n", HEADING_LIMIT) : src.length;
    return end > 0 ? super.lheading(src.slice(0, end)) : undefined;
  }

  override table(src: string): Tokens.Table | undefined {
    // What the first two lines do not begin is no table, however many lines follow.
    const head = /^.*\n.*\n?/.exec(src)?.[0];
    if (head === undefined) return undefined;
    if (super.table(head)) return super.table(src);
    // Where it looks like one, marked reads all lines after it again, to tell where a paragraph ends.
    const near = /\n {0,3}[|:-][|: -]*(?:\n|$)/.test(head);
    if (near && !this.mayRead(paragraphAt(src).length))
      throw new Error("It costs too much to read");
    return undefined;
  }
}

/** The lines up to the next blank one. */
function paragraphAt(src: string): string {
  const blank = src.indexOf("\n\n");
  return blank < 0 ? src : src.slice(0, blank);
}
