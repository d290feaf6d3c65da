import fc from "fast-check";
import { expect, test } from "vitest";
import { agentReply } from "./agent-reply.js";
import { plainText } from "./escape.js";

test.each(["<", "&", ">", "a", "😀", "<!here>", "`", "\n", "| - "])(
  "an answer of 11,000 of %j keeps every limit of Slack's",
  (piece) => {
    const answer = piece.repeat(11_000);
    const messages = agentReply(`x ${answer} y`);
    for (const { text, blocks } of messages) {
      expect(text.length).toBeLessThanOrEqual(40_000);
      for (const block of blocks ?? []) {
        if (block.type === "markdown") expect(block.text.length).toBeLessThanOrEqual(12_000);
      }
    }
  },
);

test("the plain text of an answer is its source, escaped, without mentions", () => {
  const unit = fc.constantFrom("<", "!", "@", "here", "&", "U1", ">", " ", "a");
  fc.assert(
    fc.property(fc.array(unit, { minLength: 1, maxLength: 60 }), (units) => {
      const answer = `a${units.join("")}z`;
      const [message] = agentReply(answer);
      expect(message?.text).not.toMatch(/[<>]/);
      expect(plainText(message?.text ?? "").replaceAll("\u2060", "")).toBe(answer);
    }),
  );
});

test("an empty answer is said to be one", () => {
  for (const answer of ["", " \n", "\u00a0"]) {
    expect(agentReply(answer)).toEqual([{ text: "_The agent gave no answer._" }]);
  }
});
