import fc from "fast-check";
import { Lexer } from "marked";
import { describe, expect, it } from "vitest";
import { documents, fragments } from "./documents.testing.js";
import { renderBlock } from "./render.js";
import { markdownStream } from "./stream.js";

/** The reference: the whole text at once, by marked alone. */
function whole(text: string): string {
  return renderBlock(new Lexer({ gfm: true }).lex(text), false);
}

function steps(text: string, cuts: Iterable<number>) {
  const stream = markdownStream();
  for (const cut of cuts) stream.update(text.slice(0, cut), false);
  return stream;
}

function inSteps(text: string, cuts: Iterable<number>): string {
  return steps(text, cuts).update(text, true).join("");
}

function* every(step: number, length: number): Iterable<number> {
  for (let at = 0; at < length; at += step) yield at;
}

describe("markdown in steps is markdown as a whole", () => {
  for (const [name, text] of Object.entries(documents)) {
    it.each([1, 3, 7, 10, 40, 160])(`${name}, %i characters a step`, (step) => {
      const stream = steps(text, every(step, text.length));
      expect(stream.update(text, false)).toEqual(markdownStream().update(text, false));
      expect(stream.update(text, true).join("")).toBe(whole(text));
    });
  }

  it("in the end also where an item depends on the line before its block", () => {
    const text = "|---|---|\n    word\n- [ ] ";
    expect(inSteps(text, every(1, text.length))).toBe(whole(text));
  });

  it("whatever the pieces are and wherever they are cut", () => {
    const text = fc
      .array(fc.constantFrom(...fragments), { maxLength: 12 })
      .map((all) => all.join(""));
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 9 }), (source, step) => {
        expect(inSteps(source, every(step, source.length))).toBe(whole(source));
      }),
      { numRuns: 1000 },
    );
  });
});

describe("a growing text", () => {
  it("keeps the strings of finished blocks", () => {
    const stream = markdownStream();
    const before = stream.update("# One\n\nTwo\n\nThr", false);
    const after = stream.update("# One\n\nTwo\n\nThree", false);
    expect(after.slice(0, 2)).toEqual(before.slice(0, 2));
    expect(after[2]).not.toBe(before[2]);
  });

  it("is marked to be coloured once the fence is closed", () => {
    const stream = markdownStream();
    const open = "```ts\nconst x = 1;\n";
    const marked = '<code class="language-ts">';
    expect(stream.update(open, false).join("")).not.toContain(marked);
    expect(stream.update(`${open}\`\`\`\n`, false).join("")).toContain(marked);
    expect(markdownStream().update(open, true).join("")).toContain(marked);
  });

  it("may turn out to be another text", () => {
    const stream = markdownStream();
    stream.update("first\n\nsecond\n\nthird", false);
    expect(stream.update("again", true)).toEqual(["<p>again</p>\n"]);
  });
});
