import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fragments } from "./documents.testing.js";
import { markdownStream } from "./stream.js";

/** What is said beside a text that cannot be rendered. */
const BEFORE = "# Before\n\n*well*\n\n";

/** Pieces that nest, or make some rule look through the whole text, when they are repeated. */
const PIECES = [
  ...[">", "> ", "- ", "1. ", "* ", "+ ", "1) ", "> - ", "- > ", "- 1. ", "- - - ", "  - "],
  ...["**", "*", "_", "__", "~~", "~", "***", "_a__b___", "*a_", "**a", "*a**b*", "a*b_c", "*_"],
  ...[
    "[",
    "![",
    "[]",
    "[](",
    "[a](",
    "[a][",
    "[a]: ",
    "[a]: b\n",
    "[^1]",
    "[^1]: x\n",
    "]",
    "[x\n",
  ],
  ...[
    "`",
    "``a",
    "`a",
    "```\n",
    "~~~\n",
    "```ts\n",
    "<",
    "<a",
    "<a ",
    "<!--",
    "<?",
    "<div>\n",
    "<b>",
  ],
  ...[
    "|",
    "|a",
    "| a |\n",
    "|-",
    "|a|b|\n|-|-|\n",
    "|a\n|-\n",
    "***a|a\n|-\n__[^1]: x\n<",
    "\\",
    "&#",
  ],
  ...[
    "http://",
    "www.",
    "a@",
    "a@b.c-",
    "a.b@c_",
    "# ",
    "#\n",
    "===\n",
    "a\n===\n",
    "---\n",
    "- a\n",
  ],
  ...[
    "- a\n\n",
    "- a\n\n  b\n",
    "- [ ] ",
    "x\n> ",
    "> > a\nb\n",
    "> > \n&#<div>\n",
    "\n",
    "a",
    "é",
    "😀",
  ],
  ...["\t", "    a\n", "(", "!", "$a$", "^a^", "\u200b", "{", "<https://a.b/", "[a](<", '[x](y "'],
];

/** Those that took seconds before there were bounds, or nearly so. */
const COSTLY = [
  ...[
    "_a__b___",
    "*a_",
    "**a",
    "*a**b*",
    "[a](",
    "[",
    "`",
    "> > a\nb\n",
    "> a\nb\n",
    "> > \n&#<div>\n",
  ],
  ...["***a|a\n|-\n__[^1]: x\n<", "- a\n\n", "- [ ] ", "|a\n|-\n", "http://", "a@b.c-", ">"],
];

/** As many characters of the piece. */
function filled(piece: string, length: number): string {
  return piece.repeat(Math.ceil(length / piece.length)).slice(0, length);
}

/** The text of some HTML. */
function textOf(html: string): string {
  const names: Record<string, string> = { lt: "<", gt: ">", amp: "&", quot: '"', "#39": "'" };
  return html.replace(/<[^>]*>/g, "").replace(/&([\w#]+);/g, (all, name) => names[name] ?? all);
}

describe("a text beyond all measure", () => {
  it.each(PIECES)("of %j is shown, and what stands before it as usual", (piece) => {
    const text = `${BEFORE}${filled(piece, 20_000)} x`;
    const blocks = markdownStream().update(text, true);
    expect(blocks.join("")).toContain("Before");
    const stream = markdownStream();
    for (const part of [text.length / 2, text.length - 1])
      stream.update(text.slice(0, part), false);
    expect(stream.update(text, true)).toEqual(blocks);
  });

  it.each([
    [">", 1_800],
    ["- ", 1_200],
    ["1. ", 1_200],
    ["**", 1_200],
    ["[", 5_000],
  ])("of %j loses none of its words", (piece, times) => {
    const html = markdownStream()
      .update(`${piece.repeat(times)}the words`, true)
      .join("");
    expect(textOf(html)).toContain("the words");
  });

  it("of anything renders, and in pieces as in one", () => {
    const piece = fc.array(fc.constantFrom(...fragments, ...PIECES), {
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(piece, (all) => {
        const text = filled(all.join(""), 5_000);
        const stream = markdownStream();
        stream.update(text.slice(0, 2_000), false);
        expect(stream.update(text, true)).toEqual(markdownStream().update(text, true));
      }),
      { numRuns: 30 },
    );
  });

  it("is drawn with so many tags that a page can bear", () => {
    for (const piece of ["| a |\n", "#\n", "- a\n", "|a\n|-\n", "*a* "]) {
      const html = markdownStream().update(filled(piece, 200_000), true).join("");
      expect(html.split("<").length).toBeLessThan(32_000);
    }
  });

  it("of a longest answer is shown to its end", () => {
    const text = `${filled("some words *and* more\n\n", 300_000)}the end`;
    expect(markdownStream().update(text, true).at(-1)).toContain("the end");
  });
});

describe("work", () => {
  /** In milliseconds. */
  function cost(text: string): number {
    const before = performance.now();
    markdownStream().update(text, true);
    return performance.now() - before;
  }

  /** Of eight times as much text the work is 64 times as much if it is quadratic. A busy machine is asked again. */
  function isModest(piece: string): boolean {
    const modest = () =>
      cost(filled(piece, 80_000)) < 20 * Math.max(cost(filled(piece, 10_000)), 20);
    return modest() || modest() || modest() || modest();
  }

  it.each(COSTLY)("does not grow more than the text does, with %j", (piece) => {
    expect(isModest(piece)).toBe(true);
  });
});
