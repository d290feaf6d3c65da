/**
 * Takes the power out of what an agent wrote: `<!channel>`, `<!here>`,
 * `<!subteam^S1>` and `<@U1>` would notify people, also from within a Markdown
 * block. Their names stay readable; all other angle brackets stay as they are.
 */
export function neutralize(text: string): string {
  return text
    .replace(/<!(channel|here|everyone)(?:\|[^>]*)?>/gi, "@$1")
    .replace(/<!subteam\^(\w+)(?:\|[^>]*)?>/gi, "@$1")
    .replace(/<@(\w+)(?:\|[^>]*)?>/g, "@$1");
}
