import fc from "fast-check";
import { expect, test } from "vitest";
import { splitMarkdown } from "./split.js";

const LIMIT = 300;
const LONE_SURROGATE = /\p{Surrogate}/u;
/** Markdown with everything that a cut can go through. */
const markdown = fc
  .array(
    fc.oneof(
      fc.string({ unit: "grapheme", maxLength: 400 }),
      fc.constantFrom("\n", "\n\n", " ", "😀".repeat(50), "x".repeat(500)),
      fc.constantFrom("\n```\n", "\n```js\n", "\n~~~~ text\n", "\n````\n", "\n```inline``` code\n"),
    ),
    { maxLength: 30 },
  )
  .map((pieces) => pieces.join(""));

function openFences(text: string): number {
  let open: string | undefined;
  for (const line of text.split("\n")) {
    const [, mark, info = ""] = /^ {0,3}(`{3,}|~{3,})(.*)$/.exec(line) ?? [];
    if (mark === undefined) continue;
    if (open === undefined) open = mark[0] === "`" && info.includes("`") ? undefined : mark;
    else if (mark.startsWith(open) && info.trim() === "") open = undefined;
  }
  return open === undefined ? 0 : 1;
}

test("a short text stays whole, and a cut is at the best place there is", () => {
  expect(splitMarkdown("a\n\nb", 200)).toEqual(["a\n\nb"]);
  expect(splitMarkdown("", 200)).toEqual([]);
  const paragraph = `${"a ".repeat(50)}\n${"b ".repeat(20)}`;
  expect(splitMarkdown(`${paragraph}\n\n${paragraph}`, 280)).toEqual([paragraph, paragraph]);
});

test("a fence that a cut goes through is closed and opened again", () => {
  const lines = Array.from({ length: 40 }, (_, index) => `const line${index} = ${index};`);
  const parts = splitMarkdown(["```ts", ...lines, "```", "after"].join("\n"), 300);
  expect(parts.length).toBeGreaterThan(2);
  for (const part of parts.slice(0, -1)) {
    expect(part).toMatch(/^```ts\n/);
    expect(part).toMatch(/\n```$/);
  }
  expect(parts.join("\n").replaceAll("\n```\n```ts", "")).toBe(
    ["```ts", ...lines, "```", "after"].join("\n"),
  );
});

test("parts keep the limit, whole characters, balanced fences, and all the text in its order", () => {
  fc.assert(
    fc.property(markdown, (text) => {
      const parts = splitMarkdown(text, LIMIT);
      for (const [index, part] of parts.entries()) {
        expect(part.length).toBeLessThanOrEqual(LIMIT);
        if (!LONE_SURROGATE.test(text)) expect(part).not.toMatch(LONE_SURROGATE);
        if (index < parts.length - 1) expect(openFences(part)).toBe(0);
      }
      const words = (from: string) => from.replace(/\s|`|~|js|text/g, "");
      expect(words(parts.join(""))).toBe(words(text));
    }),
    { numRuns: 1_000 },
  );
});
