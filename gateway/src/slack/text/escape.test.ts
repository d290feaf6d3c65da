import fc from "fast-check";
import { expect, test } from "vitest";
import { escapeText, plainText } from "./escape.js";

const APP = { id: "U0AMP", name: "amp" };

test.each([
  // Entities are decoded once.
  ["a &lt;b&gt; &amp;amp; c", "a <b> &amp; c"],
  ["&amp;lt;1234&amp;gt; &amp;copy; &copy; &nbsp;", "&lt;1234&gt; &copy; &copy; &nbsp;"],
  // What Slack linked by itself.
  ["read <http://README.md|README.md> first", "read README.md first"],
  ["<http://a.py|a.py> <http://b.sh|b.sh> <http://C.RS|C.RS>", "a.py b.sh C.RS"],
  [
    "git clone git@<http://github.com:acme/x.git|github.com:acme/x.git>",
    "git clone git@github.com:acme/x.git",
  ],
  ["/srv/<http://site.com|site.com>/x", "/srv/site.com/x"],
  ["<https://a.example/x?y=1&amp;z=2>", "https://a.example/x?y=1&z=2"],
  ["<https://a.example/x|https://a.example/x>", "https://a.example/x"],
  ["<http://a.example/|a.example>", "a.example"],
  ["<https://a.example/x?y=1|a.example/x?y=1>", "a.example/x?y=1"],
  ["<http://a.example/%C3%BC|a.example/ü>", "a.example/ü"],
  ["<http://A.Example|A.Example>", "A.Example"],
  ["<HTTPS://A.example/>", "HTTPS://A.example/"],
  ["<mailto:a@b.example|a@b.example>", "a@b.example"],
  ["<mailto:a@b.example>", "a@b.example"],
  ["<tel:+1555|+1555> <tel:+1555>", "+1555 +1555"],
  ["<ssh://git@h.example/x.git>", "ssh://git@h.example/x.git"],
  ["<ftp://h.example/x|ftp://h.example/x>", "ftp://h.example/x"],
  ["<file:///etc/hosts>", "file:///etc/hosts"],
  ["<vscode://file/x|vscode://file/x>", "vscode://file/x"],
  ["<slack://channel?id=C1|open it>", "open it (slack://channel?id=C1)"],
  // Links with a label of their own.
  ["<https://a.example/docs|docs>", "docs (https://a.example/docs)"],
  [
    "<https://a.example/a|a> <https://a.example|le>",
    "a (https://a.example/a) le (https://a.example)",
  ],
  ["<https://a.example|R&amp;D | more>", "R&D | more (https://a.example)"],
  ["<mailto:a@b.example|mail us>", "mail us (a@b.example)"],
  ["<tel:+1555|call>", "call (+1555)"],
  ["<https://a.example|>", "https://a.example"],
  // Channels, people, groups, broadcasts, dates.
  ["<#C1|general> <#C1|> <#C1>", "#general #C1 #C1"],
  ["<@U1|bob> <@U1|@bob> <@U1> <@W1>", "@bob @bob <@U1> <@W1>"],
  ["<@U0AMP> <@U0AMP|amplifier>", "@amp @amp"],
  [
    "<!here> <!here|here> <!here|@here> <!channel|channel> <!everyone>",
    "@here @here @here @channel @everyone",
  ],
  ["<!subteam^S1|@team> <!subteam^S1|team> <!subteam^S1>", "@team @team @S1"],
  ["<!date^1392734382^{date}^https://a.example|18 Feb 2014>", "18 Feb 2014"],
  ["<!other|as told> <!other>", "as told <!other>"],
  // What Slack does not write so stays.
  ["a < b > c <> <x y> 1<2", "a < b > c <> <x y> 1<2"],
  ["<", "<"],
])("%s", (markup, plain) => {
  expect(plainText(markup, APP)).toBe(plain);
});

test("escaping is undone by reading", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(plainText(escapeText(text), APP)).toBe(text);
    }),
  );
});

test("what Slack links by itself is what was typed, whatever stands around it", () => {
  const around = fc.string({ unit: "grapheme", maxLength: 20 });
  const schemes = fc.constantFrom("http://", "https://", "HTTP://", "mailto:", "tel:");
  const typed = fc.stringMatching(/^[a-z0-9][a-z0-9.@:/?=+-]{0,30}$/);
  fc.assert(
    fc.property(around, schemes, typed, around, (before, scheme, word, after) => {
      const linked = `${escapeText(before)}<${scheme}${word}|${word}>${escapeText(after)}`;
      expect(plainText(linked)).toBe(before + word + after);
    }),
  );
});

test("no angle bracket of Slack's is left of what has a label", () => {
  const target = fc.constantFrom(
    "@U1",
    "#C1",
    "!here",
    "!subteam^S1",
    "https://a.example",
    "ssh://h",
  );
  const label = fc.stringMatching(/^[a-z ]{1,10}$/);
  fc.assert(
    fc.property(fc.array(fc.tuple(target, label)), (tokens) => {
      const markup = tokens.map((each) => `<${each.join("|")}>`).join(" ");
      expect(plainText(markup)).not.toMatch(/[<>]/);
    }),
  );
});
