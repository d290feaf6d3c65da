/** Slack's own encoding of what a user typed: three entities, and `<...>` around links and mentions. */

/** Makes any text safe to stand in mrkdwn: nothing in it can link, mention or call a channel. */
export function escapeText(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
}

/** The text as its author saw it. Slack escapes every `<` that is not its own, so that none stands within another. Mentions stay as Slack writes them: only Slack knows the names. */
export function plainText(markup: string): string {
  return markup
    .replace(
      /<(?:(https?:[^|<>]+)|mailto:([^|<>]+))(?:\|([^<>]*))?>/g,
      (_all, url, mail, label) => {
        const target = String(url ?? mail);
        return label && !target.endsWith(label) ? `${label} (${target})` : target;
      },
    )
    .replace(/<[#!][^|<>]*\|([^<>]+)>/g, "$1")
    .replace(/&lt;/g, "<")
    .replace(/&gt;/g, ">")
    .replace(/&amp;/g, "&");
}
