import { Parser, Renderer, type Token, type Tokens } from "marked";
import { escapeHtml, escapeProse } from "./escape.js";

/**
 * Turns the tokens of one block into HTML. An agent's text is hostile until
 * proven otherwise: raw HTML is shown as text, pictures become links (a remote
 * picture would tell its server what was said), links lead only to the web and
 * to mail. The sanitizer and the content security policy stand behind this.
 * @param growing whether more text of this block may come. A code block that
 * is complete has a class that names its language, by which it is coloured
 * later: that takes time.
 */
export function renderBlock(tokens: Token[], growing: boolean): string {
  return Parser.parse(tokens, { gfm: true, renderer: new SafeRenderer(growing) });
}

/** A text that is shown as it stands. */
export function plainBlock(text: string): string {
  return `<p class="as-it-is">${escapeHtml(text)}</p>`;
}

class SafeRenderer extends Renderer {
  constructor(private readonly growing: boolean) {
    super();
  }

  override html({ raw }: Tokens.HTML | Tokens.Tag): string {
    return escapeHtml(raw);
  }

  override text(token: Tokens.Text | Tokens.Escape): string {
    if ("tokens" in token && token.tokens) return this.parser.parseInline(token.tokens);
    return escapeProse(token.text);
  }

  override codespan({ text }: Tokens.Codespan): string {
    return `<code>${escapeHtml(text)}</code>`;
  }

  override code(token: Tokens.Code): string {
    const language = token.lang?.match(/^[\w+#.-]+/)?.[0].toLowerCase() ?? "";
    const label = escapeHtml(language || "code");
    const settled = !this.growing || isClosed(token);
    const mark = settled && language ? ` class="language-${escapeHtml(language)}"` : "";
    return (
      `<div class="code"><div class="code-bar"><span>${label}</span>` +
      `<button type="button" data-copy="">Copy</button></div>` +
      `<pre tabindex="0" role="group" aria-label="Code: ${label}"><code${mark}>${escapeHtml(token.text)}\n</code></pre></div>\n`
    );
  }

  override heading({ tokens, depth }: Tokens.Heading): string {
    // The page's own headings take the first two levels.
    const tag = `h${Math.min(depth + 2, 6)}`;
    return `<${tag}>${this.parser.parseInline(tokens)}</${tag}>\n`;
  }

  override checkbox({ checked }: Tokens.Checkbox): string {
    const state = checked ? 'checked="" aria-label="done"' : 'aria-label="to do"';
    return `<input type="checkbox" disabled="" ${state}> `;
  }

  override table(token: Tokens.Table): string {
    return `<div class="table" tabindex="0" role="group" aria-label="Table">${super.table(token)}</div>\n`;
  }

  override link({ href, tokens }: Tokens.Link): string {
    return anchor(href, this.parser.parseInline(tokens));
  }

  override image({ href, text }: Tokens.Image): string {
    return anchor(href, escapeProse(text || "picture"));
  }
}

function anchor(href: string, html: string): string {
  if (!/^(https?:\/\/|mailto:)/i.test(href) || !URL.canParse(href)) return html;
  return `<a href="${escapeHtml(href)}" target="_blank" rel="noopener noreferrer">${html}</a>`;
}

/** Whether a fenced block has its closing fence. */
function isClosed({ raw }: Tokens.Code): boolean {
  const fence = raw.match(/^ {0,3}(`{3,}|~{3,})/)?.[1];
  if (!fence) return false;
  const last = raw.trimEnd().split("\n").slice(1).at(-1)?.trim() ?? "";
  return last.startsWith(fence) && last === fence.charAt(0).repeat(last.length);
}
