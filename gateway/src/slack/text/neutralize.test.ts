import fc from "fast-check";
import { expect, test } from "vitest";
import { neutralize } from "./neutralize.js";

test("calls and mentions become plain names; other angle brackets stay", () => {
  expect(neutralize("<!channel> <!here|here> <!EVERYONE>")).toBe("@channel @here @EVERYONE");
  expect(neutralize("<@U123> <@U123|ada> <!subteam^S1|@team>")).toBe("@U123 @U123 @S1");
  expect(neutralize("<!DOCTYPE html> a < b <#C1> <https://x.example>")).toBe(
    "<!DOCTYPE html> a < b <#C1> <https://x.example>",
  );
});

test("no arrangement of their pieces leaves one", () => {
  const piece = fc.constantFrom("<", "!", "@", "here", "channel", "U1", "subteam^", "|", ">", " ");
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      expect(neutralize(pieces.join(""))).not.toMatch(
        /<(!here|!channel|!subteam\^\w+|@\w+)(\|[^>]*)?>/i,
      );
    }),
    { numRuns: 2_000 },
  );
});
