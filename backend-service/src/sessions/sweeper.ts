import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "pino";

/** What a sweeper does, and how often. */
export interface Sweeping {
  /** One pass. Aborted when no more is to be done; a long one looks at that between its steps. */
  sweep: (signal: AbortSignal) => Promise<void>;
  /** From the end of one pass to the next. */
  intervalMs: number;
  /** Ends it, as disposing does, but does not wait for the pass that runs. */
  until: AbortSignal;
  logger: Logger;
}

/** Calls `sweep` now and then again and again, until disposed. */
export function sweeper({ sweep, intervalMs, until, logger }: Sweeping): AsyncDisposable {
  const stop = new AbortController();
  const signal = AbortSignal.any([stop.signal, until]);
  const running = (async () => {
    while (!signal.aborted) {
      await sweep(signal).catch((error: unknown) => logger.warn({ err: error }, "sweep failed"));
      await delay(intervalMs, undefined, { signal }).catch(() => {});
    }
  })();
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
    },
  };
}
