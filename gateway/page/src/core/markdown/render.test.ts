import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fragments, hostile } from "./documents.testing.js";
import { markdownStream } from "./stream.js";

const render = (text: string) => markdownStream().update(text, true).join("");

/** Every tag and attribute that an answer may hold, as the sanitizer allows them. */
const TAG =
  /^<\/?(?:a|blockquote|br|button|code|del|div|em|h[3-6]|hr|input|li|ol|p|pre|span|strong|table|tbody|td|th|thead|tr|ul)(?: (?:align|aria-label|checked|class|data-copy|disabled|href|rel|role|start|tabindex|target|type)="[^"<>]*")*>/;

/** Fails unless the HTML is plain text and allowed tags with quoted attributes. */
function expectSafe(html: string): void {
  let rest = html;
  for (let at = rest.indexOf("<"); at >= 0; at = rest.indexOf("<")) {
    const tag = rest.slice(at).match(TAG)?.[0];
    expect(tag, rest.slice(at, at + 80)).toBeDefined();
    rest = rest.slice(at + (tag?.length ?? 1));
  }
  for (const [, href] of html.matchAll(/href="([^"]*)"/g)) {
    expect(href).toMatch(/^(https?:\/\/|mailto:)/i);
  }
}

describe("hostile markdown", () => {
  it.each(hostile)("is harmless: %s", (text) => expectSafe(render(text)));

  it("is harmless in any mixture", () => {
    const pieces = fc.array(fc.oneof(fc.constantFrom(...hostile, ...fragments), fc.string()));
    fc.assert(
      fc.property(pieces, (all) => expectSafe(render(all.join("")))),
      { numRuns: 500 },
    );
  });
});

describe("ordinary markdown", () => {
  it.each([
    ["a picture is a link", "![cat](https://a.b/c.png)", ">cat</a>"],
    ["an entity is its sign", "&copy; & <", "&copy; &amp; &lt;"],
    ["a task is a check box", "- [x] tea", 'checked="" aria-label="done"'],
    ["a heading leaves room for the page's own", "# Hi", "<h3>Hi</h3>"],
    ["code can be copied", "```sh\nls\n```", 'data-copy=""'],
    ["code in a raw tag stays as it was written", "<code>a < b</code>", "&lt;code&gt;a &lt; b"],
  ])("%s", (_name, text, part) => expect(render(text)).toContain(part));
});
