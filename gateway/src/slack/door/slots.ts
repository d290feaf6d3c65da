import { setTimeout as delay } from "node:timers/promises";
import { openPool, type PoolOptions } from "@amp/postgres";
import type pg from "pg";
import type { Logger } from "pino";

/** Slack takes ten Socket Mode connections of an app; two are left for those that end while others begin. */
export const SLOTS = 8;

/** The first key of every slot's advisory lock; the second is the slot's number. */
const LOCK_CLASS = 0x616d71;
/** How soon a slot that came free is taken. */
const POLL_MS = 1_000;
/** How soon it is noticed that the database does not answer any more. */
const CHECK_MS = 5_000;
/** How long a slot may be used while its lock cannot be held, as while the database restarts. */
const GRACE_MS = 10_000;

/** The right to one Socket Mode connection. */
export interface Slot {
  /** Aborted when another gateway may have it. */
  lost: AbortSignal;
  release(): Promise<void>;
}

/**
 * The Socket Mode connections that all gateways of a database may have
 * together, by advisory locks that one connection of its own holds: the
 * database gives them to another gateway when this one is gone.
 */
export class SocketSlots implements AsyncDisposable {
  private readonly stop = new AbortController();
  private readonly pool: pg.Pool;
  private readonly held = new Map<number, AbortController>();
  private client: pg.PoolClient | undefined;
  private turn: Promise<unknown> = Promise.resolve();
  private readonly running: Promise<void>;

  constructor(
    options: PoolOptions,
    private readonly logger: Logger,
  ) {
    this.pool = openPool({ ...options, max: 1 });
    this.running = this.watch();
  }

  /** Waits for a slot. @throws the signal's reason */
  async take(signal: AbortSignal): Promise<Slot> {
    for (;;) {
      signal.throwIfAborted();
      const slot = await this.alone(() => this.tryTake()).catch((error: unknown) => {
        this.logger.debug({ err: error }, "cannot look for a Socket Mode slot");
        return undefined;
      });
      if (slot) return slot;
      await delay(POLL_MS, undefined, { signal });
    }
  }

  private async tryTake(): Promise<Slot | undefined> {
    const client = await this.connection();
    for (let slot = 1; slot <= SLOTS; slot += 1) {
      if (this.held.has(slot) || !(await lock(client, slot))) continue;
      const lost = new AbortController();
      this.held.set(slot, lost);
      return { lost: lost.signal, release: () => this.alone(() => this.letGo(slot)) };
    }
    return undefined;
  }

  private async letGo(slot: number): Promise<void> {
    this.held.delete(slot);
    const unlock = this.client?.query("select pg_advisory_unlock($1, $2)", [LOCK_CLASS, slot]);
    // With its connection the lock goes, too.
    await unlock?.catch(() => this.drop());
  }

  /** Sees to it that the locks are held, or that those that are not are known to be lost. */
  private async watch(): Promise<void> {
    const { signal } = this.stop;
    let failingSince: number | undefined;
    while (!signal.aborted) {
      const pause = failingSince === undefined ? CHECK_MS : POLL_MS;
      await delay(pause, undefined, { signal }).catch(() => {});
      const missing = await this.alone(() => this.regain()).catch(() => [...this.held.keys()]);
      if (missing.length === 0 || signal.aborted) failingSince = undefined;
      else failingSince ??= performance.now();
      if (failingSince === undefined || performance.now() - failingSince < GRACE_MS) continue;
      for (const slot of missing) {
        this.held.get(slot)?.abort(new Error("The Socket Mode slot may be another gateway's."));
        this.held.delete(slot);
      }
      failingSince = undefined;
    }
  }

  /** Locks again what was lost with its connection. Returns what is locked by others. */
  private async regain(): Promise<number[]> {
    if (this.held.size === 0) return [];
    const isNew = this.client === undefined;
    const client = await this.connection();
    if (!isNew) {
      await client.query("select 1").catch((error: unknown) => {
        this.drop();
        throw error;
      });
      return [];
    }
    const missing: number[] = [];
    for (const slot of this.held.keys()) if (!(await lock(client, slot))) missing.push(slot);
    // All or none, so that the next look tries all of them again.
    if (missing.length > 0) this.drop();
    return missing;
  }

  private async connection(): Promise<pg.PoolClient> {
    if (this.client) return this.client;
    const client = await this.pool.connect();
    client.once("error", () => this.drop(client));
    client.once("end", () => this.drop(client));
    this.client = client;
    return client;
  }

  private drop(client = this.client): void {
    if (client === undefined || client !== this.client) return;
    this.client = undefined;
    client.release(true);
  }

  /** One thing at a time, since the locks belong to one connection. */
  private alone<T>(work: () => Promise<T>): Promise<T> {
    const result = this.turn.then(work);
    this.turn = result.catch(() => {});
    return result;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop.abort();
    await this.running;
    await this.turn;
    this.drop();
    await this.pool.end();
  }
}

async function lock(client: pg.PoolClient, slot: number): Promise<boolean> {
  const { rows } = await client.query<{ held: boolean }>(
    "select pg_try_advisory_lock($1, $2) as held",
    [LOCK_CLASS, slot],
  );
  return rows[0]?.held ?? false;
}
