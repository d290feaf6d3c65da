/**
 * Slack's own encoding of what a user typed: three entities, and `<...>` around
 * links, people, channels, groups, broadcasts and dates
 * (https://docs.slack.dev/messaging/formatting-message-text).
 */

/** Makes any text safe to stand in mrkdwn: nothing in it can link, mention or call a channel. */
export function escapeText(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
}

/** The app as Slack knows it, and the name that people see. */
export interface AppName {
  id: string;
  name: string;
}

/**
 * The text as its author saw it: what Slack linked by itself is the text that
 * was typed, other links keep their label and their target, and people,
 * channels, groups and broadcasts are shown by their names. A person without a
 * label stays as Slack writes them, since only Slack knows the name.
 * @param app shown by its name wherever it is mentioned
 */
export function plainText(markup: string, app?: AppName): string {
  // Neither alternative scans past the next bracket: the work grows with the text, not faster.
  return markup.replace(/<([^<>]*)>|&(?:amp|lt|gt);/g, (whole, inside: string | undefined) =>
    inside === undefined ? decode(whole) : token(whole, inside, app),
  );
}

const ENTITIES = new Map([
  ["&amp;", "&"],
  ["&lt;", "<"],
  ["&gt;", ">"],
]);

function decode(text: string): string {
  return text.replace(/&(?:amp|lt|gt);/g, (entity) => ENTITIES.get(entity) ?? entity);
}

/** What stands between angle brackets: a target and perhaps, behind a bar, its label. */
function token(whole: string, inside: string, app: AppName | undefined): string {
  const bar = inside.indexOf("|");
  const target = decode(bar < 0 ? inside : inside.slice(0, bar));
  const label = bar < 0 ? "" : decode(inside.slice(bar + 1));
  const rest = target.slice(1);
  switch (target[0]) {
    case "@":
      if (rest === app?.id) return `@${app.name}`;
      return label ? withSign("@", label) : whole;
    case "#":
      return withSign("#", label || rest);
    case "!":
      return special(rest, label) ?? decode(whole);
  }
  return link(target, label) ?? decode(whole);
}

function withSign(sign: string, name: string): string {
  return name.startsWith(sign) ? name : sign + name;
}

const BROADCASTS = new Set(["here", "channel", "everyone"]);

/** A broadcast, a group or a date; undefined for what Slack's documentation does not know. */
function special(command: string, label: string): string | undefined {
  const [name = "", argument = ""] = command.split("^", 2);
  if (BROADCASTS.has(name)) return withSign("@", label || name);
  if (name === "subteam") return withSign("@", label || argument);
  return label || undefined;
}

const SCHEME = /^[a-z][a-z0-9+.-]*:/i;
/** The schemes that people leave out when they write of pages, mail addresses and telephone numbers. */
const UNSPOKEN = /^(?:https?:\/\/|mailto:|tel:)/i;

function link(target: string, label: string): string | undefined {
  if (!SCHEME.test(target)) return undefined;
  const spoken = target.replace(/^(?:mailto|tel):/i, "");
  if (label === "") return spoken;
  return isSame(label, target) ? label : `${label} (${spoken})`;
}

/** Whether a label says no more than the target: Slack adds the scheme, a slash at the end, and escapes. */
function isSame(label: string, target: string): boolean {
  const bare = (text: string) => unescapeUrl(text.replace(UNSPOKEN, "").replace(/\/$/, ""));
  return bare(label).toLowerCase() === bare(target).toLowerCase();
}

function unescapeUrl(url: string): string {
  try {
    return decodeURI(url);
  } catch {
    return url;
  }
}
