import type { Random } from "../random.js";
import type { Log } from "../record.js";

/** What web chats share. */
export interface WebContext {
  /** Of the gateways. */
  urls: readonly string[];
  log: Log;
  random: Random;
}

/** A request without an answer is repeated after so long, and one that was refused after a shorter while. */
const PATIENCE_MS = 15_000;
export const REPEAT_MS = 300;
/** How often the line breaks within so many milliseconds, so that nobody knows what became of the request. */
const BROKEN_PERCENT = 10;
const BROKEN_MS = [1, 40] as const;

/** What a gateway answered. */
export interface Answer {
  status: number;
  body: Record<string, unknown>;
}

/** A request to any gateway; undefined when nothing came back. */
export async function post(
  { urls, random }: WebContext,
  path: string,
  body: object,
  headers: Record<string, string> = {},
): Promise<Answer | undefined> {
  const patience = random.chance(BROKEN_PERCENT) ? random.between(...BROKEN_MS) : PATIENCE_MS;
  try {
    const response = await fetch(`${random.pick(urls)}/apps/web-chat/api${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(patience),
    });
    return { status: response.status, body: (await response.json()) as Answer["body"] };
  } catch {
    return undefined;
  }
}
