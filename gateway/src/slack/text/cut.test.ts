import fc from "fast-check";
import { expect, test } from "vitest";
import { cut } from "./cut.js";

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
