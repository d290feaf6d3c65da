import { setTimeout as delay } from "node:timers/promises";
import { listen, type PoolOptions } from "@amp/postgres";
import type pg from "pg";
import type { Logger } from "pino";
import { type Handler, NotForUs, Postponed } from "./job.js";
import { claim, release, renew } from "./lanes.js";
import { Liveness } from "./liveness.js";
import { Reaper } from "./reaper.js";
import { finish, forget, head, INBOX_CHANNEL, type InboxRow, noteFailure } from "./store.js";

/** How an inbox is worked. */
export interface InboxOptions {
  pool: pg.Pool;
  database: PoolOptions;
  logger: Logger;
  handler: Handler;
  /** Nothing is worked before it resolves. */
  ready?: Promise<unknown>;
  /** Attempts before a row is given up; 15 by default, which takes some 40 minutes. */
  maxAttempts?: number;
  /** The pause after the first failure, in milliseconds; it doubles with each, up to 5 minutes. 1 s by default. */
  firstPause?: number;
}

/** Lanes that one process works at a time. A turn waits for its agent most of its time and costs little. */
const MAX_LANES = 500;
const POLL_MS = 250;
const RENEW_MS = 5_000;
const FIRST_PAUSE_MS = 1_000;
const RELEASE_RETRY_MS = 250;
const LONGEST_PAUSE_MS = 300_000;
/** How long a row that only a newer gateway understands is left to one, before this one looks at its lane again. */
const NEWER_PAUSE_MS = 2_000;

/**
 * Works the inbox: any number of processes, each lane in one of them at a time,
 * the rows of a lane in their order.
 *
 * A lane: due -> owned (claimed with SKIP LOCKED) -> drained head by head ->
 * released, to be due again if something came in meanwhile. When a row fails,
 * the lane is released with a pause and the row stays at its head, so that
 * order is kept; after too many failures it is given up and the lane goes on.
 * A crash leaves the lane owned by a worker without a lock: a reaper makes it
 * due again within two seconds, and the row is worked once more.
 */
export class InboxWorker implements AsyncDisposable {
  private readonly lanes = new Map<string, { abort: AbortController; drained: Promise<void> }>();
  private readonly stop = new AbortController();
  private releases: AsyncDisposable[] = [];
  private running: Promise<unknown> = Promise.resolve();
  private wake = () => {};
  private liveness: Liveness | undefined;

  private constructor(private readonly options: InboxOptions) {}

  /** Resolves when it works. */
  static async start(options: InboxOptions): Promise<InboxWorker> {
    const worker = new InboxWorker(options);
    worker.liveness = await Liveness.hold(options.database, () => {
      worker.abandon([...worker.lanes.keys()], "lost its lock");
    });
    const nudge = () => worker.wake();
    worker.releases = [
      worker.liveness,
      listen(options.database, [INBOX_CHANNEL], nudge, nudge),
      new Reaper(options.pool, options.logger, nudge),
    ];
    worker.running = Promise.all([worker.claimLoop(), worker.renewLoop()]);
    return worker;
  }

  private get worker(): number {
    return this.liveness?.worker ?? 0;
  }

  private async claimLoop(): Promise<void> {
    await Promise.race([this.options.ready, once(this.stop.signal)]);
    while (!this.stop.signal.aborted) {
      const woken = new Promise<void>((resolve) => {
        this.wake = resolve;
      });
      const claimed = await this.claimSome().catch((error: unknown) => {
        this.options.logger.warn({ err: error }, "cannot claim inbox lanes");
        return 0;
      });
      if (claimed > 0) continue;
      const poll = setTimeout(this.wake, POLL_MS);
      await woken;
      clearTimeout(poll);
    }
  }

  private async claimSome(): Promise<number> {
    const worker = this.worker;
    const room = MAX_LANES - this.lanes.size;
    if (worker === 0 || room <= 0) return 0;
    const lanes = await claim(this.options.pool, worker, [...this.lanes.keys()], room);
    for (const lane of lanes) {
      const abort = new AbortController();
      const drained = this.drain(lane, worker, abort.signal).finally(() =>
        this.forget(lane, abort),
      );
      this.lanes.set(lane, { abort, drained });
    }
    return lanes.length;
  }

  private forget(lane: string, abort: AbortController): void {
    if (this.lanes.get(lane)?.abort === abort) this.lanes.delete(lane);
    this.wake();
  }

  /** Never rejects. */
  private async drain(lane: string, worker: number, signal: AbortSignal): Promise<void> {
    const { pool, logger, firstPause = FIRST_PAUSE_MS } = this.options;
    let wait = 0;
    try {
      while (!signal.aborted && wait === 0) {
        const row = await head(pool, lane);
        if (!row) break;
        wait = await this.attempt(row, signal);
      }
    } catch (error) {
      // Not even the failure could be noted, most likely because the database is away.
      logger.warn({ err: error, lane }, "left an inbox lane");
      wait = firstPause;
    }
    await this.letGo(lane, worker, wait);
  }

  /**
   * Releases a lane, however long the database takes to hear of it: the lane
   * would lie there until its lease ends. A worker that was given a new number
   * meanwhile leaves that to the reaper, and one that stops, after one more try.
   */
  private async letGo(lane: string, worker: number, wait: number): Promise<void> {
    while (this.worker === worker) {
      const released = await release(this.options.pool, worker, lane, wait).then(
        () => true,
        () => false,
      );
      if (released || !(await pause(RELEASE_RETRY_MS, this.stop.signal))) return;
    }
  }

  /** Returns for how many milliseconds the lane must pause; 0 to go on. */
  private async attempt(row: InboxRow, signal: AbortSignal): Promise<number> {
    const { pool, handler, logger, maxAttempts = 15, firstPause = FIRST_PAUSE_MS } = this.options;
    const job = { ...row, signal };
    try {
      if (row.kind === undefined) throw new Postponed(NEWER_PAUSE_MS, "Left to a newer gateway.");
      await handler.work(job);
      signal.throwIfAborted();
      await finish(pool, row.id, "done");
      return 0;
    } catch (error) {
      if (signal.aborted) return 0;
      if (error instanceof Postponed) return error.pause;
      if (error instanceof NotForUs) {
        await forget(pool, row.id);
        return 0;
      }
      const attempt = row.attempts + 1;
      logger.warn({ err: error, inbox: row.id, lane: row.lane, attempt }, "Slack delivery failed");
      await noteFailure(pool, row.id, error instanceof Error ? error.message : String(error));
      if (attempt < maxAttempts) {
        return Math.min(firstPause * 2 ** row.attempts, LONGEST_PAUSE_MS);
      }
      logger.error({ inbox: row.id, lane: row.lane }, "gave a Slack delivery up");
      await handler
        .giveUp(job)
        .catch((failure: unknown) => logger.warn({ err: failure }, "could not tell the user"));
      await finish(pool, row.id, "dead");
      return 0;
    }
  }

  private async renewLoop(): Promise<void> {
    while (await pause(RENEW_MS, this.stop.signal)) {
      const lanes = [...this.lanes.keys()];
      if (lanes.length === 0) continue;
      const none = () => new Set<string>();
      // No answer for so long: the work stops well before others may take the lane.
      const ours = await Promise.race([
        renew(this.options.pool, this.worker, lanes).catch(none),
        pause(RENEW_MS, this.stop.signal).then(none),
      ]);
      this.abandon(
        lanes.filter((lane) => !ours.has(lane)),
        "lost its lease",
      );
    }
  }

  private abandon(lanes: string[], reason: string): void {
    for (const lane of lanes) {
      const held = this.lanes.get(lane);
      if (!held) continue;
      this.options.logger.debug({ lane }, `the inbox worker ${reason}`);
      held.abort.abort(new Error(`The inbox worker ${reason}.`));
    }
  }

  /** Stops at once: rows in work stay waiting and are worked by whoever comes next. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.stop.abort();
    this.wake();
    await this.running;
    this.abandon([...this.lanes.keys()], "shuts down");
    await Promise.all([...this.lanes.values()].map(({ drained }) => drained));
    for (const resource of this.releases.reverse()) await resource[Symbol.asyncDispose]();
  }
}

/** Resolves when the signal is aborted. */
function once(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve()));
}

/** Whether the time passed, and not the signal ended it. */
function pause(ms: number, signal: AbortSignal): Promise<boolean> {
  return delay(ms, true, { signal }).catch(() => false);
}
