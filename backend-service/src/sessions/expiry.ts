import type { Queryable } from "@amp/postgres";
import { forgetEndings } from "../store/endings.js";
import { expireSessions, purgeSessions } from "../store/sessions.js";

/** How long what is kept; milliseconds. */
export interface Retention {
  /** Until a session that nobody talks to ends. */
  idleMs: number;
  /** Until a session that ended, and the news of its end, are deleted. */
  endedMs: number;
}

/** Small, so that nobody waits long for what a batch locks. */
const BATCH = 50;

/**
 * Ends idle sessions, and deletes what ended long ago. Any number of replicas may
 * do so at once: each takes what no other one has locked. Begins no more batch once
 * the signal is aborted.
 */
export async function expire(
  db: Queryable,
  { idleMs, endedMs }: Retention,
  signal: AbortSignal,
): Promise<void> {
  await inBatches(() => expireSessions(db, idleMs, BATCH), signal);
  await inBatches(() => purgeSessions(db, endedMs, BATCH), signal);
  await inBatches(() => forgetEndings(db, endedMs, BATCH), signal);
}

async function inBatches(next: () => Promise<number>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && (await next()) === BATCH);
}
