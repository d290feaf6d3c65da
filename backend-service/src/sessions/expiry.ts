import type { Queryable } from "@amp/postgres";
import { forgetEndings } from "../store/endings.js";
import { forgetDeadReplicas } from "../store/replicas.js";
import { expireSessions, purgeSessions, purgeTurns } from "../store/sessions.js";

/** How long what is kept; milliseconds. */
export interface Retention {
  /** Until a session that nobody talks to ends. */
  idleMs: number;
  /** Until a session that ended, and the news of its end, are deleted. */
  endedMs: number;
}

/** Small, so that nobody waits long for what a batch locks. */
const BATCH = 50;
const TURNS_BATCH = 500;

/**
 * Ends idle sessions. Any number of replicas may do so at once: each takes what no other
 * one has locked. Begins no more batch once the signal is aborted, and that holds for all
 * functions here.
 */
export async function expire(
  db: Queryable,
  { idleMs }: Pick<Retention, "idleMs">,
  signal: AbortSignal,
): Promise<void> {
  await inBatches(() => expireSessions(db, idleMs, BATCH), BATCH, signal);
}

/**
 * Deletes what ended long ago: sessions with their turns, the news of their ends, and
 * replicas that crashed.
 */
export async function purge(
  db: Queryable,
  { endedMs }: Pick<Retention, "endedMs">,
  signal: AbortSignal,
): Promise<void> {
  await forgetDeadReplicas(db);
  await inBatches(() => forgetEndings(db, endedMs, BATCH), BATCH, signal);
  let purged = BATCH;
  while (purged === BATCH && !signal.aborted) {
    const batch = { sessions: BATCH, turns: TURNS_BATCH };
    await inBatches(() => purgeTurns(db, endedMs, batch), TURNS_BATCH, signal);
    if (!signal.aborted) purged = await purgeSessions(db, endedMs, BATCH);
  }
}

async function inBatches(
  next: () => Promise<number>,
  batch: number,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted && (await next()) === batch);
}
