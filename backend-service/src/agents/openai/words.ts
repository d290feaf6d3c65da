/**
 * What an endpoint itself said of a failure, fit to be shown and logged. It may quote the
 * key, an account or the conversation: what looks like one of the first two is taken out,
 * and of words that quote the conversation nothing is kept.
 */
import { storable } from "@amp/postgres";
import { z } from "zod";

/** What must not be in the words. */
export interface Secrets {
  apiKey: string | undefined;
  /** What the endpoint was sent. */
  sent: readonly string[];
}

const MAX_WORDS = 300;
/** More than this is not looked at. */
const MAX_READ = 4_000;
/** A part of a message that is at least so long counts as a quotation, at any place. */
const QUOTATION = 32;
const STEP = 8;

const HIDDEN = "[hidden]";

const Words = z.object({ message: z.string() }).transform(({ message }) => message);
const Body = z.union([
  z.string(),
  Words,
  z.object({ error: z.union([z.string(), Words]) }).transform(({ error }) => error),
  z.object({ detail: z.string() }).transform(({ detail }) => detail),
  z
    .object({ detail: z.tuple([z.object({ msg: z.string() })], z.unknown()) })
    .transform(({ detail: [{ msg }] }) => msg),
]);

/**
 * The words of an error object, or of a body that holds one, in one line and not too
 * long; undefined when there are none that may be shown.
 */
export function wordsOf(body: unknown, secrets: Secrets): string | undefined {
  const given = Body.safeParse(body).data?.slice(0, MAX_READ) ?? "";
  if (quotes(given, secrets.sent)) return undefined;
  const line = storable(redacted(given, secrets.apiKey))
    .replace(/[\s\p{Cc}]+/gu, " ")
    .trim();
  if (line === "") return undefined;
  return line.length > MAX_WORDS ? `${storable(line.slice(0, MAX_WORDS))}...` : line;
}

function redacted(text: string, apiKey: string | undefined): string {
  const withoutKey = apiKey ? text.replaceAll(apiKey, HIDDEN) : text;
  return (
    withoutKey
      .replace(/\b(Bearer|Basic)\s+\S+/gi, `$1 ${HIDDEN}`)
      // Credentials in a URL, and people's addresses.
      .replace(/\/\/[^\s/@]{1,200}@/g, `//${HIDDEN}@`)
      .replace(/[\w.+-]{1,64}@[\w-]{1,64}\.[\w.-]{1,64}/g, HIDDEN)
      // Keys that are cut short, as OpenAI quotes them: sk-abc***xyz.
      .replace(/[^\s"'`(),:;]*\*{3,}[^\s"'`(),:;]*/g, HIDDEN)
      .replace(/\b(sk|pk|rk|xai|gsk|hf|nvapi|csk|org|proj|acct)[-_][\w-]{4,}/gi, HIDDEN)
      // Anything else that is long and looks drawn by chance.
      .replace(/[\w+=-]{24,}/g, (word) =>
        /\d/.test(word) && /[a-z]/i.test(word) && !/^[a-z\d.]+(-[a-z\d.]+){2,}$/i.test(word)
          ? HIDDEN
          : word,
      )
  );
}

/** Whether a part of what was sent stands in the text. */
function quotes(text: string, sent: readonly string[]): boolean {
  for (let at = 0; at + QUOTATION - STEP <= text.length; at += STEP) {
    const part = text.slice(at, at + QUOTATION - STEP);
    if (sent.some((message) => message.includes(part))) return true;
  }
  return false;
}
