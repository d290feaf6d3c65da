import fc from "fast-check";
import { expect, test } from "vitest";
import { neutralize } from "./neutralize.js";

/** What Slack may read as a mention: brackets, written in any way, before a mark; or a plain name of many. */
const MENTION =
  /(?:<|&(?:amp;)*(?:lt|#0*60|#x0*3c);?)[\s\\]*(?:!(?!--|doctype\s|\[cdata\[)|@|&(?:amp;)*(?:excl|commat);?)|(?<![\p{L}\p{N}_])@(?:channel|here|everyone|group)(?![\p{L}\p{N}_])/iu;

const visible = (text: string) => text.replaceAll("\u2060", "");

test.each([
  "<!channel>",
  "<!here|here>",
  "<!here^x>",
  "<!EVERYONE>",
  "<!group>",
  "<! channel>",
  "< !channel>",
  "<\n!here>",
  "<\\!channel>",
  "\\<!channel>",
  "<!subteam^S1>",
  "<!subteam^S1|@team>",
  "<!date^1|x>",
  "<@U123>",
  "<@U123|ada>",
  "<@W1>",
  "<@u1>",
  "<<@U1>>",
  "<<@channel>>",
  "<<!channel>channel>",
  "<!<!here>here>",
  "<@<@U1>U1>",
  "<<<<<!here",
  "&lt;!channel&gt;",
  "&LT;@U1&GT;",
  "&amp;lt;!channel&amp;gt;",
  "&#60;!here&#62;",
  "&#x3C;@U1>",
  "&lt!here",
  "<&excl;here>",
  "<&commat;U1>",
  "@channel",
  "(@here)",
  "@Everyone!",
  "ping @group, please",
  "`<!channel>`",
  "[<!here>](https://a.example)",
  "# <@U1>",
])("a mention is only text: %s", (text) => {
  const safe = neutralize(text);
  expect(safe).not.toBe(text);
  expect(safe).not.toMatch(MENTION);
  expect(visible(safe)).toBe(text);
  expect(neutralize(safe)).toBe(safe);
});

test.each([
  "",
  "<!DOCTYPE html>",
  "<!-- a comment -->",
  "<![CDATA[x]]>",
  "a < b && b > c",
  "if (a <b) return !c",
  "<#C1> <https://x.example> <b>bold</b>",
  "ada@here.example",
  "@channels @heretic @ada @media",
  "R&amp;D &lt;b&gt;",
  "größe@channel.example",
])("what notifies nobody stays: %s", (text) => {
  expect(neutralize(text)).toBe(text);
});

test("no arrangement and no nesting of their pieces leaves one", () => {
  const { nested } = fc.letrec<{ nested: string; name: string; mention: string }>((tie) => ({
    name: fc.constantFrom(
      "here",
      "channel",
      "U1",
      "subteam^S1",
      "^x",
      "|ada",
      "group",
      " ",
      "",
      "<",
      "&",
    ),
    mention: fc
      .tuple(
        fc.constantFrom("<", "<<", "&lt;", "&amp;lt;", "< ", "\\<", "&#60", ""),
        fc.constantFrom("!", "@", "\\!", "&excl;", "! ", ""),
        fc.oneof(tie("name"), tie("nested")),
        fc.constantFrom(">", "|x>", "&gt;", ""),
      )
      .map((parts) => parts.join("")),
    nested: fc
      .array(fc.oneof({ depthSize: "small" }, tie("name"), tie("mention")), { maxLength: 6 })
      .map((parts) => parts.join("")),
  }));
  fc.assert(
    fc.property(nested, (text) => {
      const safe = neutralize(text);
      expect(safe).not.toMatch(MENTION);
      expect(visible(safe)).toBe(text);
    }),
    {
      numRuns: 3_000,
      examples: [["<<@channel>>"], ["<<@U1>>"], ["<!<!here>"], ["<@a|<@a|"], ["&#60@here"]],
    },
  );
});
