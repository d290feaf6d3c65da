import fc from "fast-check";
import { expect, test } from "vitest";
import { plainText } from "../text/escape.js";
import { contentOf } from "./content.js";

const rich = (...elements: object[]) => [{ type: "rich_text", elements }];
const part = (type: string, ...elements: object[]) => ({ type: `rich_text_${type}`, elements });
const user = (style?: object) => ({ type: "user", user_id: "U0AMP", ...(style && { style }) });
const words = (text: string, style?: object) => ({ type: "text", text, ...(style && { style }) });

test.each([
  [rich(part("section", words("hi "), words("all", { bold: true }))), "hi *all*"],
  [rich(part("section", words("a<b & c"))), "a&lt;b &amp; c"],
  [rich(part("section", words(" x ", { italic: true, bold: true }))), " *_x_* "],
  [rich(part("section", user(), words(" new"))), "<@U0AMP> new"],
  [rich(part("preformatted", words("a\nb"))), "```a\nb```"],
  [rich(part("quote", words("a\nb"))), "&gt; a\n&gt; b"],
  [
    rich({
      ...part("list", part("section", words("a")), part("section", words("b"))),
      style: "ordered",
    }),
    "1. a\n2. b",
  ],
  [rich(part("list", part("section", words("a")))), "• a"],
  [
    rich(
      part(
        "section",
        { type: "link", url: "https://a.example?b&c", text: "it" },
        { type: "channel", channel_id: "C1" },
        { type: "broadcast", range: "here" },
        { type: "usergroup", usergroup_id: "S1" },
        { type: "emoji", name: "tea" },
      ),
    ),
    "<https://a.example?b&amp;c|it><#C1><!here><!subteam^S1>:tea:",
  ],
  [[{ type: "section", text: { type: "mrkdwn", text: "*a*" } }], "*a*"],
  [[{ type: "section", fields: [{ type: "plain_text", text: "a & b" }] }], "a &amp; b"],
  [[{ type: "header", text: { type: "plain_text", text: "H" } }, { type: "divider" }], "H"],
  [[{ type: "context", elements: [{ type: "mrkdwn", text: "c" }] }], "c"],
  [[{ type: "markdown", text: "# m <x>" }], "# m &lt;x&gt;"],
  [[{ type: "image", image_url: "https://a.example", alt_text: "a cat" }], "[image: a cat]"],
  [
    [
      {
        type: "table",
        rows: [
          [words("a"), words("b")],
          [words("c"), words("d")],
        ],
      },
    ],
    "a | b\nc | d",
  ],
])("blocks only (%#)", (blocks, text) => {
  expect(contentOf({ text: "", blocks })).toMatchObject({ text, attached: "", files: [] });
  expect(contentOf({ blocks, text: null })).toMatchObject({ text });
});

test.each([
  [
    "<@U0AMP> new",
    rich(part("section", user({ code: true }), words(" new", { code: true }))),
    "`<@U0AMP>` new",
  ],
  ["<@U0AMP> new", rich(part("preformatted", user(), words(" new"))), "`<@U0AMP>` new"],
  ["<@U0AMP> new", rich(part("quote", user(), words(" new"))), "`<@U0AMP>` new"],
  ["<@U0AMP> new", rich(part("section", user(), words(" new"))), "<@U0AMP> new"],
  [
    "<@U0AMP> what is <@U0AMP> new?",
    rich(part("section", user(), words(" what is "), user({ code: true }), words(" new?"))),
    "<@U0AMP> what is `<@U0AMP>` new?",
  ],
  [
    "<@U9> and <@U0AMP>, new",
    rich(part("section", user({ code: true }))),
    "<@U9> and `<@U0AMP>`, new",
  ],
  ["<@U9> new", rich(part("section", user({ code: true }))), "<@U9> new"],
  ["`<@U0AMP> new`", rich(part("section", user({ code: true }))), "`<@U0AMP> new`"],
  [
    "<@U0AMP> a <@U0AMP|amp>",
    rich(part("section", user({ code: true }))),
    "`<@U0AMP>` a `<@U0AMP|amp>`",
  ],
])("%s: what its blocks show as a sample is one", (text, blocks, expected) => {
  expect(contentOf({ text, blocks })?.text).toBe(expected);
});

test("a forwarded message is read as such", () => {
  const share = {
    is_share: true,
    author_name: "Bob",
    from_url: "https://a.slack.com/x",
    text: "Prod is\ndown &amp; out",
  };
  const content = contentOf({ text: "deal with this", attachments: [share] });
  expect(content).toMatchObject({ text: "deal with this", forwards: true, files: [] });
  expect(plainText(content?.attached ?? "")).toBe(
    "[forwarded message of Bob: https://a.slack.com/x]\n> Prod is\n> down & out",
  );
  const blocks = [{ type: "section", text: { type: "mrkdwn", text: "by blocks" } }];
  const others = [
    { is_msg_unfurl: true, message_blocks: [{ message: { blocks } }], fallback: "[no preview]" },
    { is_share: true, fallback: "the fallback" },
    { is_share: true, files: [{ name: "a.png" }] },
  ];
  expect(contentOf({ text: "", attachments: others })).toMatchObject({
    text: "",
    attached:
      "[forwarded message]\n&gt; by blocks\n[forwarded message]\n&gt; the fallback\n[forwarded message]\n&gt; \n[file: a.png]",
    files: ["a.png"],
  });
});

test("files are named; a snippet begins", () => {
  const files = [
    { name: "error.png" },
    { title: "a & b" },
    { id: "F1", file_access: "check_file_info" },
    { name: "x.ts", mode: "snippet", preview: "a < b", preview_is_truncated: true },
  ];
  expect(contentOf({ text: "", files })).toEqual({
    text: "",
    attached:
      "[file: error.png]\n[file: a &amp; b]\n[file: without a name]\n[file: x.ts]\na &lt; b\n[the rest of it was not read]",
    forwards: false,
    files: ["error.png", "a & b", "without a name", "x.ts"],
  });
});

test("previews of links add nothing; what an app attached is there when there are no words", () => {
  const preview = { from_url: "https://a.example", title: "A" };
  expect(contentOf({ text: "", attachments: [preview] })).toBeUndefined();
  expect(contentOf({ text: "see", attachments: [preview] })).toMatchObject({
    text: "see",
    attached: "",
  });
  expect(contentOf({ text: "see", attachments: [{ title: "A" }] })).toMatchObject({ text: "see" });
  expect(contentOf({ attachments: [{ title: "A", text: "b" }] })).toMatchObject({ text: "A\nb" });
});

test("nothing at all is nothing, and something unknown is something", () => {
  for (const event of [
    {},
    { text: " \n" },
    { text: "", blocks: [], files: [], attachments: null },
  ]) {
    expect(contentOf(event)).toBeUndefined();
  }
  expect(contentOf({ text: "", blocks: [{ type: "divider" }] })).toMatchObject({
    text: "",
    attached: "",
  });
});

test("whatever Slack sends, reading does not fail", () => {
  const event = fc.record({
    text: fc.anything(),
    blocks: fc.anything(),
    attachments: fc.oneof(
      fc.anything(),
      fc.array(
        fc.dictionary(
          fc.constantFrom("is_share", "text", "message_blocks", "files"),
          fc.anything(),
        ),
      ),
    ),
    files: fc.anything(),
  });
  fc.assert(fc.property(event, (each) => void contentOf(each)));
});
