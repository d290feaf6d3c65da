import fc from "fast-check";
import { expect, test } from "vitest";
import { cut, cutMarkup } from "./cut.js";
import { escapeText, plainText } from "./escape.js";

test("what fits is left alone, what does not is cut between characters", () => {
  const text = fc.string({ unit: "binary", maxLength: 40 });
  fc.assert(
    fc.property(text, fc.integer({ min: 1, max: 40 }), (given, max) => {
      const shown = cut(given, max);
      expect(shown.length).toBeLessThanOrEqual(max);
      expect(shown).not.toMatch(/\p{Surrogate}/u);
      if (given.length <= max) expect(shown).toBe(given);
      else expect(given.startsWith(shown.slice(0, -1)) && shown.endsWith("…")).toBe(true);
    }),
  );
});

test("markup is cut between its entities and brackets", () => {
  expect(cutMarkup("a &lt;b&gt; <@U1>", 5)).toBe("a …");
  expect(cutMarkup("in <#C0GENERAL> now", 10)).toBe("in …");
  const text = fc.string({ unit: fc.constantFrom("<", "&", ">", "a", " ", "😀"), maxLength: 40 });
  fc.assert(
    fc.property(text, fc.integer({ min: 1, max: 80 }), (given, max) => {
      const shown = cutMarkup(escapeText(given), max);
      expect(shown.length).toBeLessThanOrEqual(max);
      expect(given.startsWith(plainText(shown).replace(/…$/, ""))).toBe(true);
    }),
  );
});
