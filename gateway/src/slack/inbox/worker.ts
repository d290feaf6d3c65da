import { setTimeout as delay } from "node:timers/promises";
import { listen } from "@amp/postgres";
import { attempt, FIRST_PAUSE_MS, type InboxOptions } from "./attempt.js";
import { type Claimed, claim, LEASE_MS, leave, markCalm, release, releaseOthers } from "./lanes.js";
import { Liveness } from "./liveness.js";
import { Places } from "./places.js";
import { Reaper } from "./reaper.js";
import { head, INBOX_CHANNEL } from "./store.js";

/** Rows that are at work at a time in conversations; turns that wait for their end are not among them. */
const CONVERSATIONS_AT_WORK = 100;
/** The same of clicks, commands, questions and ends, which have these places for themselves. */
const QUICK_AT_WORK = 100;
/** Lanes that one process has in hand at a time, those that wait included: a bound for its memory. */
const MAX_LANES = 20_000;
const POLL_MS = 250;
/** A process that lives so long on is not killed by the row at work, in milliseconds. */
const CALM_MS = 10_000;
const LOOK_FOR_CALM_MS = 2_500;
const RELEASE_RETRY_MS = 250;

/** A lane in this process's hands. */
interface Held {
  abort: AbortController;
  drained: Promise<void>;
  places: Places;
  /** By our own clock. */
  since: number;
  suspect: boolean;
  calm: boolean;
}

/**
 * Works the inbox: any number of processes, each lane in one of them at a time,
 * the rows of a lane in their order.
 *
 * A lane: due -> owned (claimed with SKIP LOCKED) -> drained head by head ->
 * released, to be due again if something came in meanwhile. When a row fails,
 * the lane is released with a pause and the row stays at its head, so that
 * order is kept; after too many failures it is given up and the lane goes on.
 *
 * An owned lane is at work and holds a place, or it waits for the end of a turn
 * and holds none. Lanes of conversations and quick ones (clicks, commands,
 * questions, ends) have places of their own, so that whatever ends a turn finds
 * one. Nothing is done for a lane that waits: its owner's one lease stands for
 * all its lanes.
 *
 * A crash leaves lanes owned by a worker without a lock: a reaper makes them
 * due again within two seconds, and their rows are worked once more. A row that
 * was at work for less than some seconds may have been the cause, and that is
 * counted; one that was there at two crashes is suspect, and no two suspects
 * begin at the same time, so that only the cause is counted again. A lane whose
 * process lives on for some seconds is calm, and crashes count no more. What is
 * aborted, postponed, or ended by a shutdown is not counted.
 */
export class InboxWorker implements AsyncDisposable {
  private readonly lanes = new Map<string, Held>();
  private readonly conversations = new Places(CONVERSATIONS_AT_WORK);
  private readonly quick = new Places(QUICK_AT_WORK);
  private readonly stop = new AbortController();
  private releases: AsyncDisposable[] = [];
  private running: Promise<unknown> = Promise.resolve();
  private wake = () => {};
  private liveness: Liveness | undefined;
  /** Whether the answer to a claim was lost, so that lanes may be ours that are not in our hands. */
  private unsure = false;

  private constructor(private readonly options: InboxOptions) {}

  /** Resolves when it works. */
  static async start(options: InboxOptions): Promise<InboxWorker> {
    const worker = new InboxWorker(options);
    const { database, pool, logger, lease = LEASE_MS } = options;
    worker.liveness = await Liveness.hold(database, lease, () => worker.abandon("lost its lock"));
    const nudge = () => worker.wake();
    worker.releases = [
      worker.liveness,
      listen(database, [INBOX_CHANNEL], nudge, nudge),
      new Reaper(pool, logger, nudge),
    ];
    worker.running = Promise.all([worker.claimLoop(), worker.calmLoop()]);
    return worker;
  }

  private get worker(): number {
    return this.liveness?.worker ?? 0;
  }

  private async claimLoop(): Promise<void> {
    const { signal } = this.stop;
    const stopped = new Promise((resolve) => signal.addEventListener("abort", resolve));
    await Promise.race([this.options.ready, stopped]).catch(() => {});
    while (!signal.aborted) {
      const woken = new Promise<void>((resolve) => {
        this.wake = resolve;
      });
      const claimed = await this.claimSome().catch((error: unknown) => {
        this.unsure = true;
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
    const { pool } = this.options;
    const { worker, conversations, quick } = this;
    if (worker === 0) return 0;
    if (this.unsure) await releaseOthers(pool, worker, [...this.lanes.keys()]);
    this.unsure = false;
    const room = {
      quick: quick.room,
      conversations: Math.min(conversations.room, MAX_LANES - this.lanes.size),
      suspects: this.hasYoungSuspect() ? 0 : Math.min(1, quick.room, conversations.room),
    };
    if (room.quick <= 0 && room.conversations <= 0) return 0;
    const claimed = await claim(pool, worker, room);
    for (const each of claimed) this.begin(each, worker);
    return claimed.length;
  }

  private hasYoungSuspect(): boolean {
    for (const { suspect, calm } of this.lanes.values()) if (suspect && !calm) return true;
    return false;
  }

  private begin({ lane, quick, suspect }: Claimed, worker: number): void {
    const places = quick ? this.quick : this.conversations;
    places.take();
    const since = performance.now();
    const held: Held = {
      abort: new AbortController(),
      drained: Promise.resolve(),
      places,
      since,
      suspect,
      calm: false,
    };
    this.lanes.set(lane, held);
    held.drained = this.drain(lane, worker, held).finally(() => {
      if (this.lanes.get(lane) === held) this.lanes.delete(lane);
      const full = places.room <= 0 || suspect;
      places.give();
      if (full) this.wake();
    });
  }

  /** Never rejects. */
  private async drain(lane: string, worker: number, held: Held): Promise<void> {
    const { pool, logger, firstPause = FIRST_PAUSE_MS } = this.options;
    const { signal } = held.abort;
    let wait = 0;
    try {
      while (!signal.aborted && wait === 0) {
        const row = await head(pool, lane);
        if (!row) break;
        const job = { ...row, signal, idle: <T>(waiting: () => Promise<T>) => idle(held, waiting) };
        wait = await attempt(this.options, row, job, worker);
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
   * would lie there for as long as this process lives. A worker that was given a
   * new number meanwhile leaves that to the reaper, and one that stops lets go
   * of all its lanes at once.
   */
  private async letGo(lane: string, worker: number, wait: number): Promise<void> {
    while (this.worker === worker && !this.stop.signal.aborted) {
      try {
        const waits = await release(this.options.pool, worker, lane, wait);
        if (waits && wait === 0) this.wake();
        return;
      } catch {
        await pause(RELEASE_RETRY_MS, this.stop.signal);
      }
    }
  }

  /** Tells the database which lanes the process survived. */
  private async calmLoop(): Promise<void> {
    while (await pause(LOOK_FOR_CALM_MS, this.stop.signal)) {
      const worker = this.worker;
      const now = performance.now();
      const calm = [...this.lanes].filter(([, held]) => !held.calm && now - held.since > CALM_MS);
      if (worker === 0 || calm.length === 0) continue;
      try {
        await markCalm(
          this.options.pool,
          worker,
          calm.map(([lane]) => lane),
        );
        for (const [, held] of calm) held.calm = true;
        if (calm.some(([, held]) => held.suspect)) this.wake();
      } catch (error) {
        this.options.logger.debug({ err: error }, "cannot note which inbox lanes are calm now");
      }
    }
  }

  private abandon(reason: string): void {
    const { lanes, options } = this;
    if (lanes.size > 0) options.logger.debug({ lanes: lanes.size }, `the inbox worker ${reason}`);
    for (const { abort } of lanes.values()) abort.abort(new Error(`The inbox worker ${reason}.`));
  }

  /** Stops at once: rows in work stay waiting and are worked by whoever comes next. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.stop.abort();
    this.wake();
    await this.running;
    this.abandon("shuts down");
    await Promise.all([...this.lanes.values()].map(({ drained }) => drained));
    const { worker, options } = this;
    if (worker !== 0) {
      await leave(options.pool, worker).catch((error: unknown) =>
        options.logger.debug({ err: error }, "left the inbox lanes to a reaper"),
      );
    }
    for (const resource of this.releases.reverse()) await resource[Symbol.asyncDispose]();
  }
}

async function idle<T>({ places, abort }: Held, wait: () => Promise<T>): Promise<T> {
  places.give();
  try {
    return await wait();
  } finally {
    await places.retake();
    abort.signal.throwIfAborted();
  }
}

/** Whether the time passed, and not the signal ended it. */
function pause(ms: number, signal: AbortSignal): Promise<boolean> {
  return delay(ms, true, { signal }).catch(() => false);
}
