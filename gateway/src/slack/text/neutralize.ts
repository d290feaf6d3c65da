/**
 * Ways to write `<`, `!` and `@` that Slack or Markdown may read as these: as they are, and as
 * entities, also those of a text that was escaped once too often.
 */
const ENTITY = "&(?:amp;)*";
const OPENING = `(?:<|${ENTITY}(?:lt|#0*60|#x0*3c);?)`;
const BANG = `(?:!|${ENTITY}(?:excl|#0*33|#x0*21);?)`;
const AT = `(?:[@\uff20]|${ENTITY}(?:commat|#0*64|#x0*40);?)`;
/** Markup of HTML and XML, which Slack has no meaning for. */
const DECLARATION = "(?:!--|!doctype\\s|!\\[cdata\\[)";

/**
 * An opening bracket before a mark, with blanks and backslashes between, which Markdown may take
 * away; or the mark of a plain `@channel`, but not that of an address such as `ada@here.example`.
 */
const DANGER = new RegExp(
  `${OPENING}(?=[\\s\\\\]*(?!${DECLARATION})(?:${BANG}|${AT}))` +
    `|(?:(?<![\\p{L}\\p{N}_])|(?<=${OPENING}))${AT}(?=(?:channel|here|everyone|group)(?![\\p{L}\\p{N}_]))`,
  "giu",
);

/** Invisible, takes no room, and nothing is broken or joined by it. */
const WORD_JOINER = "\u2060";

/**
 * Takes the power out of what an agent wrote: `<!channel>`, `<!here>`, `<!subteam^S1>`, `<@U1>` and
 * a plain `@channel` would notify people, also from within a Markdown block. An invisible character
 * after the bracket or the `@` makes them the text that they look like. Nothing is taken away, so
 * that no other mention can come to be, and the time it takes grows with the length alone.
 * Links to channels notify nobody and stay.
 */
export function neutralize(text: string): string {
  return text.replace(DANGER, `$&${WORD_JOINER}`);
}
