import { setTimeout as delay } from "node:timers/promises";
import type { WebClient } from "@slack/web-api";
import { escapeText } from "../text/escape.js";
import type { Bridge } from "./bridge.js";

/** People and channels whom Slack names by their ids only, as it mostly does. */
const UNNAMED = /<([@#])([A-Z0-9]+)\|?>/g;
/** The most that are looked up for one message; more are left as they are. */
const MOST = 20;
/** How long Slack is waited for, in milliseconds. */
const PATIENCE_MS = 3_000;
/** How long a name is taken for granted, in milliseconds. */
const KEEP_MS = 600_000;
/** How long Slack is not asked again for a name that it did not tell, in milliseconds. */
const RETRY_MS = 30_000;
const MOST_KNOWN = 10_000;

/** What Slack told, or undefined where it did not, and until when that counts by the process's own clock. */
type Known = Map<string, { name: Promise<string | undefined>; until: number }>;
const knownTo = new WeakMap<WebClient, Known>();

/**
 * The markup with the names of the people and channels in it, as far as Slack
 * tells them soon. What it does not tell stays an id. Never rejects.
 */
export async function withNames(bridge: Bridge, markup: string, app: string): Promise<string> {
  const found = new Map<string, string>();
  for (const [, sign = "", id = ""] of markup.matchAll(UNNAMED)) {
    if (id !== app && found.size < MOST) found.set(sign + id, id);
  }
  if (found.size === 0) return markup;
  const names = new Map<string, string>();
  const asked = [...found.keys()].map(async (key) => {
    const name = await nameOf(bridge, key);
    if (name) names.set(key, name);
  });
  const late = new AbortController();
  const soon = delay(PATIENCE_MS, undefined, { signal: late.signal }).catch(() => {});
  await Promise.race([Promise.all(asked), soon]);
  late.abort();
  return markup.replace(UNNAMED, (whole, sign: string, id: string) => {
    const name = names.get(sign + id);
    return name === undefined ? whole : `<${sign}${id}|${escapeText(name.replaceAll("|", "/"))}>`;
  });
}

function nameOf(bridge: Bridge, key: string): Promise<string | undefined> {
  const now = performance.now();
  const known: Known = knownTo.get(bridge.client) ?? new Map();
  knownTo.set(bridge.client, known);
  const told = known.get(key);
  if (told && told.until > now) return told.name;
  if (known.size >= MOST_KNOWN) known.clear();
  const entry = { name: ask(bridge, key), until: now + KEEP_MS };
  known.set(key, entry);
  void entry.name.then((name) => {
    if (name === undefined) entry.until = performance.now() + RETRY_MS;
  });
  return entry.name;
}

/** Never rejects. */
async function ask({ client, logger }: Bridge, key: string): Promise<string | undefined> {
  const id = key.slice(1);
  try {
    if (key.startsWith("#")) {
      const { channel } = await client.conversations.info({ channel: id });
      return channel?.name;
    }
    const { user } = await client.users.info({ user: id });
    return user?.profile?.display_name || user?.real_name || user?.name;
  } catch (error) {
    logger.debug({ err: error }, "Slack did not tell a name");
    return undefined;
  }
}
