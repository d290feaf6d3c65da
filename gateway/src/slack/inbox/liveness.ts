import { setTimeout as delay } from "node:timers/promises";
import { openPool, type PoolOptions } from "@amp/postgres";
import type pg from "pg";
import { LOCK_CLASS } from "./lanes.js";

/**
 * How long a worker without its lock may go on. Others look twice, a second
 * apart, before they take its lanes.
 */
const GRACE_MS = 700;
const RETRY_MS = 50;

/**
 * A worker's proof of life: an advisory lock held by a connection of its own,
 * which the server lets go of when the process or the connection dies.
 *
 * States: holding -> (connection lost) -> regaining -> holding again under the
 * same number, or, when that takes longer than the grace, under a new one;
 * `onLost` is then called first, and the work under the old number must stop.
 */
export class Liveness implements AsyncDisposable {
  private number = 0;
  private readonly stop = new AbortController();
  private readonly pool: pg.Pool;
  private running: Promise<void> = Promise.resolve();

  private constructor(
    private readonly options: PoolOptions,
    private readonly onLost: () => void,
  ) {
    this.pool = openPool({ ...options, max: 1 });
  }

  /** Resolves when the lock is held. */
  static async hold(options: PoolOptions, onLost: () => void): Promise<Liveness> {
    const liveness = new Liveness(options, onLost);
    const client = await liveness.lock(undefined);
    liveness.running = liveness.run(client);
    return liveness;
  }

  /** The number of this worker; 0 while it has none. */
  get worker(): number {
    return this.number;
  }

  private async lock(number: number | undefined): Promise<pg.PoolClient> {
    const client = await this.pool.connect();
    try {
      const { rows } = await client.query<{ worker: number; held: boolean }>(
        `select worker, pg_try_advisory_lock($1, worker) as held
         from (select coalesce($2, nextval('slack_workers'))::integer as worker) as self`,
        [LOCK_CLASS, number ?? null],
      );
      // The server may not have noticed yet that the lost connection is gone.
      if (!rows[0]?.held) throw new Error("The lock is still held.");
      this.number = rows[0].worker;
      return client;
    } catch (error) {
      client.release(true);
      throw error;
    }
  }

  private async run(first: pg.PoolClient): Promise<void> {
    for (let client = first; ; client = await this.regain()) {
      await closed(client, this.stop.signal);
      client.release(true);
      if (this.stop.signal.aborted) return;
      this.options.logger.warn("lost the inbox worker's lock");
    }
  }

  private async regain(): Promise<pg.PoolClient> {
    const giveUp = setTimeout(() => {
      this.number = 0;
      this.onLost();
    }, GRACE_MS);
    try {
      for (;;) {
        try {
          return await this.lock(this.number || undefined);
        } catch (error) {
          this.stop.signal.throwIfAborted();
          this.options.logger.debug({ err: error }, "cannot regain the inbox worker's lock");
          await delay(RETRY_MS, undefined, { signal: this.stop.signal });
        }
      }
    } finally {
      clearTimeout(giveUp);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop.abort();
    await this.running.catch(() => {});
    await this.pool.end();
  }
}

/** Resolves when the connection is lost, or the signal is aborted. */
function closed(client: pg.PoolClient, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    client.once("error", () => resolve());
    client.once("end", () => resolve());
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
