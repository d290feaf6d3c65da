import type { PoolOptions } from "@amp/postgres";
import pg from "pg";
import type { Logger } from "pino";
import { type Handler, type Job, NotForUs, Postponed } from "./job.js";
import { finish, forget, type InboxRow, noteFailure } from "./store.js";

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
  /** After how many milliseconds others take the lanes of a worker that hangs; 30 s by default. */
  lease?: number;
}

export const FIRST_PAUSE_MS = 1_000;
/** After so many processes were gone within seconds of its beginning a row is given up; after some more, without a word. */
const MAX_CRASHES = 5;
const MAX_CRASHES_UNTOLD = 8;
const LONGEST_PAUSE_MS = 300_000;
/** How often it is tried to tell that a row is given up. */
const GIVE_UP_TRIES = 5;
/** How long a row that only a newer gateway understands is left to one, before this one looks at its lane again. */
const NEWER_PAUSE_MS = 2_000;

/**
 * Works a row once, for the worker that has its lane. Returns for how many
 * milliseconds the lane must pause; 0 to go on.
 */
export async function attempt(
  options: InboxOptions,
  row: InboxRow,
  job: Job,
  worker: number,
): Promise<number> {
  const { pool, handler, logger, maxAttempts = 15, firstPause = FIRST_PAUSE_MS } = options;
  const { signal } = job;
  try {
    if (row.kind === undefined) throw new Postponed(NEWER_PAUSE_MS, "Left to a newer gateway.");
    if (row.attempts >= maxAttempts || row.crashes >= MAX_CRASHES)
      return await giveUp(options, row, job, worker);
    await handler.work(job);
    signal.throwIfAborted();
    if (await finish(pool, { id: row.id, worker }, "done")) return 0;
    throw new Error("A reply is still to be sent, or the row is in other hands.");
  } catch (error) {
    if (signal.aborted) return 0;
    if (error instanceof Postponed) return Math.max(1, error.pause);
    if (error instanceof NotForUs) {
      return (await forget(pool, { id: row.id, worker })) ? 0 : firstPause;
    }
    // What the database refuses for its content it will refuse again.
    const hopeless = error instanceof pg.DatabaseError && error.code?.startsWith("22");
    const failures = hopeless ? Math.max(maxAttempts, row.attempts + 1) : row.attempts + 1;
    logger.warn(
      { err: error, inbox: row.id, lane: row.lane, attempt: failures },
      "Slack delivery failed",
    );
    const text = error instanceof Error ? error.message : String(error);
    // If it does not count, others have the lane.
    if (!(await noteFailure(pool, { id: row.id, worker }, failures, text))) return firstPause;
    // The head of the lane is given up at the next look.
    if (failures >= maxAttempts) return 0;
    return Math.min(firstPause * 2 ** row.attempts, LONGEST_PAUSE_MS);
  }
}

async function giveUp(
  options: InboxOptions,
  row: InboxRow,
  job: Job,
  worker: number,
): Promise<number> {
  const { pool, handler, logger, maxAttempts = 15, firstPause = FIRST_PAUSE_MS } = options;
  const tries = row.attempts - maxAttempts;
  if (row.crashes < MAX_CRASHES_UNTOLD) {
    try {
      await handler.giveUp(job);
    } catch (failure) {
      if (job.signal.aborted) return 0;
      if (failure instanceof Postponed) return Math.max(1, failure.pause);
      logger.warn({ err: failure, inbox: row.id }, "could not tell that a delivery is given up");
      if (row.attempts >= maxAttempts && tries < GIVE_UP_TRIES) {
        await noteFailure(pool, { id: row.id, worker }, row.attempts + 1);
        return Math.min(firstPause * 2 ** tries, LONGEST_PAUSE_MS);
      }
    }
  }
  if (!(await finish(pool, { id: row.id, worker }, "dead"))) return firstPause;
  logger.error({ inbox: row.id, lane: row.lane }, "gave a Slack delivery up");
  return 0;
}
