import { setTimeout as delay } from "node:timers/promises";
import { isUnavailable } from "@amp/postgres";

const FIRST_PAUSE_MS = 50;
const MAX_PAUSE_MS = 1_000;

/** Waits before the next try, longer after each; not at all once the signal is aborted. */
export async function pauseAfter(attempt: number, signal: AbortSignal): Promise<void> {
  const ms = Math.min(FIRST_PAUSE_MS * 2 ** (attempt - 1), MAX_PAUSE_MS);
  await delay(ms, undefined, { signal }).catch(() => {});
}

/** Does the work, again and again while the database is away, until the signal is aborted. */
export async function onceAvailable<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (!isUnavailable(error) || signal.aborted) throw error;
      await pauseAfter(attempt, signal);
    }
  }
}
