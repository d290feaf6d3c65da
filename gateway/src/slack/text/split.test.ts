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
      fc.constantFrom("\n", "| a | b |\n|---|---|\n", "| c | d |\n", "| c | d |\n".repeat(40)),
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

const TABLE = "| name | n |\n|:-----|--:|";
const row = (index: number) => `| row ${index} | ${index} |`;

test("a table that a cut goes through has its header in each part", () => {
  const rows = Array.from({ length: 60 }, (_, index) => row(index));
  const text = ["Before\n", TABLE, ...rows, "", "after"].join("\n");
  const parts = splitMarkdown(text, LIMIT);
  expect(parts.length).toBeGreaterThan(3);
  for (const part of parts.slice(1)) expect(part.startsWith(`${TABLE}\n| row`)).toBe(true);
  expect(parts.join("\n").match(/\| row .*/g)).toEqual(rows);
});

test.each([
  ["after the table", `${TABLE}\n${row(1)}\n\n${"a | b c ".repeat(60)}`],
  ["in code", `\`\`\`\n${TABLE}\n${"| a | b |\n".repeat(60)}\`\`\``],
  ["no dashes", `| a | b |\n${"| c | d |\n".repeat(60)}`],
  ["other columns", `| a | b |\n|---|\n${"| c | d |\n".repeat(60)}`],
  ["within a row", `${TABLE}\n| ${"word ".repeat(100)} | b |`],
  ["a header over a quarter", `| ${"h".repeat(90)} | b |\n|---|---|\n${"| c | d |\n".repeat(60)}`],
])("no header is repeated: %s", (_name, text) => {
  const parts = splitMarkdown(text, LIMIT);
  expect(parts.length).toBeGreaterThan(1);
  for (const part of parts.slice(1)) expect(part).not.toContain("--");
});

test("a header is repeated with escaped bars, without outer bars, and in other writings", () => {
  for (const header of ["a \\| x | b\n--- | ---", "名 | n\n:-: | -", "  | a | b |\n  |---|---|"]) {
    const text = `${header}\n${"c | d\n".repeat(100)}`;
    const parts = splitMarkdown(text, LIMIT);
    for (const part of parts.slice(1)) expect(part.startsWith(`${header}\nc | d`)).toBe(true);
  }
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
      // Headers of tables are repeated.
      const words = (from: string) => from.replace(/\| a \| b \||-|\||\s|`|~|js|text/g, "");
      expect(words(parts.join(""))).toBe(words(text));
    }),
    { numRuns: 1_000 },
  );
});
