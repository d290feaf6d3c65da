import { setTimeout as delay } from "node:timers/promises";
import type pg from "pg";
import type { Logger } from "pino";
import { lostOwners, lostWorkers, takeFrom } from "./lanes.js";

const LOOK_MS = 1_000;
/** Lanes without a worker are rare, and all lanes are looked at for them. */
const LOOKS_PER_OWNERS = 10;

/**
 * Frees the lanes of workers that are gone. A worker is gone when two looks in a
 * row find it without its lock: one that only lost its connection is back
 * before the second.
 */
export class Reaper implements AsyncDisposable {
  private readonly stop = new AbortController();
  private readonly running: Promise<void>;
  private suspects = new Set<number>();
  private looks = 0;

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
    // Both looks of a pair look for the same.
    const owners = this.looks % LOOKS_PER_OWNERS < 2 ? await lostOwners(this.pool) : [];
    this.looks += 1;
    const lost = [...(await lostWorkers(this.pool)), ...owners];
    const gone = lost.filter((worker) => this.suspects.has(worker));
    this.suspects = new Set(lost);
    if (gone.length === 0) return;
    await takeFrom(this.pool, gone);
    this.logger.info({ workers: gone }, "took over from lost inbox workers");
    this.onFreed();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop.abort();
    await this.running;
  }
}
