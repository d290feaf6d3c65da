import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "pino";

/** Calls `sweep` now and then every `intervalMs` after its end, until disposed. */
export function sweeper(
  sweep: () => Promise<void>,
  intervalMs: number,
  logger: Logger,
): AsyncDisposable {
  const stop = new AbortController();
  const running = (async () => {
    while (!stop.signal.aborted) {
      await sweep().catch((error: unknown) => logger.warn({ err: error }, "sweep failed"));
      await delay(intervalMs, undefined, { signal: stop.signal }).catch(() => {});
    }
  })();
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
    },
  };
}
