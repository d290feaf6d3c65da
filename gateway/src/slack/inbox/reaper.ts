import { setTimeout as delay } from "node:timers/promises";
import type pg from "pg";
import type { Logger } from "pino";
import { lostOwners, takeFrom } from "./lanes.js";
import { purge } from "./store.js";

const LOOK_MS = 1_000;
const PURGE_MS = 3_600_000;
/** Slack delivers again for a day at most. */
const KEEP_DAYS = 3;

/**
 * Frees the lanes of workers that are gone, and forgets old rows. A worker is
 * gone when two looks in a row find it without its lock: one that only lost
 * its connection is back before the second.
 */
export class Reaper implements AsyncDisposable {
  private readonly stop = new AbortController();
  private readonly running: Promise<void>;
  private suspects = new Set<number>();
  private purgedAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly pool: pg.Pool,
    private readonly logger: Logger,
    private readonly onFreed: () => void,
  ) {
    this.running = this.run();
  }

  private async run(): Promise<void> {
    const { signal } = this.stop;
    while (!signal.aborted) {
      await this.look().catch((error: unknown) => {
        this.suspects = new Set();
        this.logger.warn({ err: error }, "cannot look for lost inbox workers");
      });
      await delay(LOOK_MS, undefined, { signal }).catch(() => {});
    }
  }

  private async look(): Promise<void> {
    const lost = await lostOwners(this.pool);
    const gone = [...lost].filter((owner) => this.suspects.has(owner));
    this.suspects = lost;
    if (gone.length > 0) {
      await takeFrom(this.pool, gone);
      this.logger.info({ workers: gone }, "took over from lost inbox workers");
      this.onFreed();
    }
    if (performance.now() - this.purgedAt > PURGE_MS) {
      this.purgedAt = performance.now();
      await purge(this.pool, KEEP_DAYS);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop.abort();
    await this.running;
  }
}
