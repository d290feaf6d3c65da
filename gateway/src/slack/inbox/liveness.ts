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
/** A lease is renewed so many times before it would be over. */
const RENEWALS = 6;

/**
 * A worker's proof of life: an advisory lock held by a connection of its own,
 * which the server lets go of when the process or the connection dies; and a
 * lease that it renews there, for a process that hangs with its connection
 * open. One row for however many lanes.
 *
 * States: holding -> (connection lost) -> regaining -> holding again under the
 * same number, or, when that takes longer than the grace, under a new one;
 * `onLost` is then called first, and the work under the old number must stop.
 * The same when others took its lanes, or when no renewal was answered for two
 * thirds of the lease: some that fail are forgiven.
 */
export class Liveness implements AsyncDisposable {
  private number = 0;
  /** By our own clock, before the renewal was sent: the lease lasts longer than we think. */
  private renewedAt = 0;
  private readonly stop = new AbortController();
  private readonly pool: pg.Pool;
  private running: Promise<void> = Promise.resolve();

  private constructor(
    private readonly options: PoolOptions,
    private readonly leaseMs: number,
    private readonly onLost: () => void,
  ) {
    this.pool = openPool({ ...options, max: 1 });
  }

  /** Resolves when the lock is held. */
  static async hold(options: PoolOptions, leaseMs: number, onLost: () => void): Promise<Liveness> {
    const liveness = new Liveness(options, leaseMs, onLost);
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
      const { worker } = rows[0];
      this.renewedAt = performance.now();
      if (number === undefined) {
        await client.query(
          "insert into slack_worker_leases values ($1, now() + make_interval(secs => $2))",
          [worker, this.leaseMs / 1_000],
        );
      } else if (!(await this.renew(client, worker))) {
        this.lose();
        throw new Error("Others took the lanes meanwhile.");
      }
      this.number = worker;
      return client;
    } catch (error) {
      client.release(true);
      throw error;
    }
  }

  /** Returns whether the lanes are still ours. */
  private async renew(client: pg.PoolClient, worker: number): Promise<boolean> {
    const { rowCount } = await client.query(
      `update slack_worker_leases set lease_until = now() + make_interval(secs => $2)
       where worker = $1`,
      [worker, this.leaseMs / 1_000],
    );
    return rowCount !== 0;
  }

  private async run(first: pg.PoolClient): Promise<void> {
    for (let client = first; ; client = await this.regain()) {
      const over = new AbortController();
      const signal = AbortSignal.any([this.stop.signal, over.signal]);
      await Promise.race([closed(client, this.stop.signal), this.keepLease(client, signal)]);
      over.abort();
      client.release(true);
      if (this.stop.signal.aborted) return;
      this.options.logger.warn("lost the inbox worker's lock");
    }
  }

  /** Resolves when the lease is lost, or the signal is aborted. */
  private async keepLease(client: pg.PoolClient, signal: AbortSignal): Promise<void> {
    const every = this.leaseMs / RENEWALS;
    let renewal: Promise<boolean> | undefined;
    while (await delay(every, true, { signal }).catch(() => false)) {
      const asked = performance.now();
      renewal ??= this.renew(client, this.number)
        .then((ours) => {
          if (ours) this.renewedAt = asked;
          return ours;
        })
        .catch((error: unknown) => {
          this.options.logger.warn({ err: error }, "cannot renew the inbox worker's lease now");
          return true;
        })
        .finally(() => {
          renewal = undefined;
        });
      const ours = await Promise.race([renewal, delay(every, true, { signal }).catch(() => true)]);
      if (signal.aborted) return;
      if (!ours || performance.now() - this.renewedAt > (this.leaseMs * 2) / 3) return this.lose();
    }
  }

  private lose(): void {
    this.number = 0;
    this.onLost();
  }

  private async regain(): Promise<pg.PoolClient> {
    const giveUp = setTimeout(() => this.lose(), GRACE_MS);
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
