import fc from "fast-check";
import { expect, test } from "vitest";
import { escapeText, plainText } from "./escape.js";

test("what a user typed is read as they saw it", () => {
  expect(plainText("a &lt;b&gt; &amp;amp; c")).toBe("a <b> &amp; c");
  expect(plainText("<https://a.example/x?y=1|a.example/x?y=1>")).toBe("https://a.example/x?y=1");
  expect(plainText("<https://a.example|the site> <mailto:a@b.example|a@b.example>")).toBe(
    "the site (https://a.example) a@b.example",
  );
  expect(plainText("<#C1|general> <!here|@here> <@U1>")).toBe("general @here <@U1>");
});

test("escaping is undone by reading", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(plainText(escapeText(text))).toBe(text);
    }),
  );
});
