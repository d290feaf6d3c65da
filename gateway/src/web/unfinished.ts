/**
 * Completes what a crash, a backend that was away or a client that gave up left
 * half done, so that no session lives on that nobody can see: endings that the
 * backend has not been told of, and openings that nobody asks for any more.
 * Any number of gateways may do it at once: every step may be repeated.
 */
import { setTimeout as delay } from "node:timers/promises";
import { Streak } from "../troubles.js";
import type { WebContext } from "./context.js";
import { createFor, isRefusal } from "./openings.js";
import { ENDED_BY_USER } from "./sessions.js";
import type { Mapping } from "./store/mappings.js";

const INTERVAL_MS = 2_000;
/** Longer than any request tries; a client that repeats an opening keeps it young. */
const ABANDONED_MS = 120_000;

/** Does so now and every few seconds until disposed. */
export function finishUnfinished(context: WebContext): AsyncDisposable {
  const stop = new AbortController();
  const working = (async () => {
    const streak = new Streak(context.logger, "finish what was left half done");
    while (!stop.signal.aborted) {
      await finishAll(context, stop.signal).then(
        () => streak.succeeded(),
        (error: unknown) => stop.signal.aborted || streak.failed(error),
      );
      await delay(INTERVAL_MS, undefined, { signal: stop.signal }).catch(() => {});
    }
  })();
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await working;
    },
  };
}

/** One that cannot be finished now does not hold up the others. @throws what the first such one failed with */
async function finishAll(context: WebContext, signal: AbortSignal): Promise<void> {
  await context.mappings.abandonOlderThan(ABANDONED_MS);
  const failures: unknown[] = [];
  for (const mapping of await context.mappings.unfinished()) {
    signal.throwIfAborted();
    const { mapping_id: id, session_id: sessionId } = mapping;
    const finishing =
      sessionId === null
        ? dropOpening(context, mapping, signal)
        : endSession(context, sessionId, signal);
    await finishing.catch((error: unknown) => {
      context.logger.debug({ err: error, mapping: id }, "cannot finish a mapping now");
      failures.push(error);
    });
  }
  if (failures.length > 0) throw failures[0];
}

async function endSession(context: WebContext, sessionId: string, signal: AbortSignal) {
  await context.backend.end(sessionId, ENDED_BY_USER, { signal });
  await context.mappings.ended(sessionId);
}

async function dropOpening(context: WebContext, opening: Mapping, signal: AbortSignal) {
  try {
    const session = await createFor(context, opening, signal);
    await context.backend.end(session.sessionId, "nobody was told of it", { signal });
  } catch (error) {
    if (!isRefusal(error)) throw error;
  }
  await context.mappings.discard(opening);
}
