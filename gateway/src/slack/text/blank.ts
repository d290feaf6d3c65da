/** Characters that nobody sees and that are no white space to JavaScript; editors leave them behind mentions. For a character class. */
export const BLANK = "\u00ad\u200b-\u200d\u2060\ufeff";

const BLANKS = new RegExp(`^[\\s${BLANK}]$`);

/** The text without what cannot be seen at its ends; no-break spaces are white space. Linear, unlike an expression that looks for the end. */
export function trimBlank(text: string): string {
  let [from, to] = [0, text.length];
  while (from < to && BLANKS.test(text.charAt(from))) from += 1;
  while (to > from && BLANKS.test(text.charAt(to - 1))) to -= 1;
  return text.slice(from, to);
}
