import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "pino";
import type { Lists } from "./store/lists.js";

const INTERVAL_MS = 600_000;
/** Few enough that no other query has to wait for long. */
const BATCH = 500;

/**
 * Deletes what ended long ago, now and every ten minutes until disposed, batch
 * by batch. Any number of gateways may do it at once.
 * @param retention how long an ended session is listed, in milliseconds
 */
export function purgeEnded(lists: Lists, retention: number, logger: Logger): AsyncDisposable {
  const stop = new AbortController();
  const { signal } = stop;
  async function purge(): Promise<void> {
    let count = BATCH;
    while (count === BATCH && !signal.aborted) count = await lists.purgeEnded(retention, BATCH);
  }
  const working = (async () => {
    while (!signal.aborted) {
      await purge().catch((error: unknown) =>
        logger.debug({ err: error }, "cannot delete ended sessions of the web chat now"),
      );
      await delay(INTERVAL_MS, undefined, { signal }).catch(() => {});
    }
  })();
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await working;
    },
  };
}
