/**
 * The one place that decides whether a text is a wish to stop a turn or to end
 * a session, and nothing else. The door asks it, to let such a text overtake a
 * running turn; the router asks it, to do what it says.
 */
import { commandName } from "./names.js";

/** What somebody wants to leave. */
export interface Leaving {
  /** `turn` is the running turn; `stop` is that, or else the session; `end` is the session. */
  what: "turn" | "stop" | "end";
  /** The ids, or beginnings of ids, of the sessions to end, or `all`; empty: the session of the conversation. */
  of: string[];
  /** Whether the text mentions or names the app. If not, it counts only where there is a session. */
  addressed: boolean;
}

/** A longer text says more than that. */
const LONGEST = 400;
/** The most sessions that one text can name. */
const MOST_IDS = 20;

const INVISIBLE = /[\u00ad\u200b-\u200f\u2060-\u2064\ufeff]/g;
/** Slack's code of an emoji. */
const EMOJI = /:[a-z0-9_+'-]{1,60}:/g;
/** What may stand around a word: punctuation, formatting, quotes, emoji. */
const AROUND = /^[\p{P}\p{S}\p{M}]+|[\p{P}\p{S}\p{M}]+$/gu;
/** The id of a session, or its beginning; shorter than eight it has a digit, so that no word is one. */
const ID = /^(?=.*\d|.{8})[0-9a-f][0-9a-f-]{0,35}$/;

const COURTESY = new Set(["please", "pls", "now", "thanks"]);
const TURN = new Set(["it", "that", "this", "turn", "answer", "answering"]);
const SESSION = new Set(["session", "conversation", "chat"]);
const ARTICLES = new Set(["the", "this", "my", "that", "our"]);

/**
 * Reads a whole message, in Slack's own markup. Without a mention or a name of
 * the app only the bare word `stop` counts.
 * @param app the app's user id; undefined if it is not known
 * @param names what the app may be called by, without a mention
 */
export function leavingOf(
  text: string,
  app: string | undefined,
  names: readonly string[],
): Leaving | undefined {
  if (text.length > LONGEST) return undefined;
  const rest = withoutMention(text, app);
  const words = wordsOf(rest ?? text);
  const [first = "", last = ""] = [words[0], words.at(-1)];
  const isName = (word: string) =>
    names.some((name) => name.replace(/^[@/]/, "").toLowerCase() === word);
  const named = words.length > 1 && (isName(first) || isName(last));
  const asked = named ? words.slice(isName(first) ? 1 : 0, isName(first) ? undefined : -1) : words;
  const addressed = rest !== undefined || named;
  const leaving = leavingIn(asked, addressed);
  return leaving && { ...leaving, addressed };
}

/** Reads the words of a command, without what addresses the app. */
export function leavingCommand(text: string): Leaving | undefined {
  if (text.length > LONGEST) return undefined;
  const leaving = leavingIn(wordsOf(text), true);
  return leaving && { ...leaving, addressed: true };
}

function leavingIn(words: string[], addressed: boolean): Omit<Leaving, "addressed"> | undefined {
  if (!addressed)
    return words.length === 1 && words[0] === "stop" ? { what: "stop", of: [] } : undefined;
  const [verb = "", ...rest] = words.filter((word) => !COURTESY.has(word));
  if (commandName(verb) !== "end") return undefined;
  const objects = rest.length > 1 && ARTICLES.has(rest[0] ?? "") ? rest.slice(1) : rest;
  const [object = ""] = objects;
  if (objects.length === 0) return { what: verb === "stop" ? "stop" : "end", of: [] };
  if (objects.length === 1 && verb === "stop" && TURN.has(object)) return { what: "turn", of: [] };
  if (objects.length === 1 && SESSION.has(object)) return { what: "end", of: [] };
  if (objects.length === 1 && object === "all") return { what: "end", of: ["all"] };
  const ids = SESSION.has(object) ? objects.slice(1) : objects;
  const are = ids.length > 0 && ids.length <= MOST_IDS && ids.every((id) => ID.test(id));
  return are ? { what: "end", of: ids } : undefined;
}

/** The text without mentions of the app; undefined if it has none outside of code. */
function withoutMention(text: string, app: string | undefined): string | undefined {
  let mentioned = false;
  const parts = text.split(/(`[^`]*`)/).map((part, index) => {
    if (index % 2 === 1) return part;
    return part.replace(/<@([A-Z0-9]+)(?:\|[^<>]*)?>/g, (mention, user) => {
      if (user !== app) return mention;
      mentioned = true;
      return " ";
    });
  });
  return mentioned ? parts.join("") : undefined;
}

/** The words in lower case, without what stands around each; a quotation or another mention stays what it is. */
function wordsOf(text: string): string[] {
  return text
    .replace(INVISIBLE, "")
    .normalize("NFKC")
    .toLowerCase()
    .replace(EMOJI, " ")
    .split(/\s+/)
    .map((word) => (/^(?:<|&gt;)/.test(word) ? word : word.replace(AROUND, "")))
    .filter((word) => word !== "");
}
