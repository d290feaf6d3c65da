/** At most so many UTF-16 code units, an ellipsis included; no character is cut in two. */
export function cut(text: string, max: number): string {
  if (text.length <= max) return text;
  return `${text.slice(0, max - 1).replace(/[\ud800-\udbff]$/, "")}…`;
}

/** The same for text in Slack's markup: no entity and no `<...>` is cut in two either. */
export function cutMarkup(text: string, max: number): string {
  return text.length <= max ? text : `${wholeMarkup(text.slice(0, max - 1))}…`;
}

/** The beginning of a text in Slack's markup, without the character, entity or bracket that it ends in the midst of. */
export function wholeMarkup(head: string): string {
  return head
    .replace(/[\ud800-\udbff]$/, "")
    .replace(/&[a-z]{0,4}$/, "")
    .replace(/<[^<>]*$/, "");
}
