import { setTimeout as delay } from "node:timers/promises";
import { ExponentialBackoff } from "cockatiel";
import { BackendError } from "../backend/index.js";
import { Streak } from "../troubles.js";
import { batches } from "./batches.js";
import type { EndingsContext } from "./context.js";
import { readCursor, storeCursor } from "./cursor.js";

const BATCH = 200;
const BACKOFF = new ExponentialBackoff<unknown>({ initialDelay: 50, maxDelay: 1_000 });

/** What becomes known of the feed. */
export interface FeedEvents {
  onConnected(connected: boolean): void;
  /** Endings before the place that is followed from now on were missed. */
  onGap(): void;
}

/**
 * Follows the backend's endings until the signal is aborted:
 *
 *   away -- the feed tells its position                   --> following, from the stored cursor
 *   following -- the backend or the database breaks off   --> away
 *   away -- the feed does not reach back to the cursor    --> away, from now on; a gap is told
 *
 * The cursor is stored when the mappings of all before it are deactivated, so
 * that a crash repeats endings and misses none. Every gateway follows: an
 * ending that another has dealt with finds nothing to do.
 */
export async function followEndings(context: EndingsContext, events: FeedEvents): Promise<void> {
  const { pool, logger, signal } = context;
  const streak = new Streak(logger, "follow the endings of sessions");
  let anew = false;
  let backoff = BACKOFF.next();
  while (!signal.aborted) {
    try {
      const cursor = anew ? "" : await readCursor(pool);
      await follow(context, cursor, () => {
        events.onConnected(true);
        streak.succeeded();
        if (cursor === "") events.onGap();
        anew = false;
        backoff = BACKOFF.next();
      });
    } catch (error) {
      if (signal.aborted) break;
      anew ||= error instanceof BackendError && error.kind === "invalid";
      streak.failed(error);
    }
    events.onConnected(false);
    await delay(backoff.duration, undefined, { signal }).catch(() => {});
    backoff = backoff.next(undefined);
  }
}

async function follow(
  { backend, pool, release, signal }: EndingsContext,
  cursor: string,
  onPosition: () => void,
): Promise<void> {
  const over = new AbortController();
  const feed = backend.watchEndings(cursor, { signal: AbortSignal.any([signal, over.signal]) });
  let connected = false;
  try {
    for await (const batch of batches(feed, BATCH)) {
      const endings = batch.flatMap(({ ending }) => ending ?? []);
      await release.endings(endings, "feed");
      const last = batch.at(-1);
      if (last) await storeCursor(pool, last.cursor);
      if (!connected) onPosition();
      connected = true;
    }
  } finally {
    // When it was the database that failed, the feed is still open.
    over.abort();
  }
}
