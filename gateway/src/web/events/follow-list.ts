import { setTimeout as delay } from "node:timers/promises";
import { Streak } from "../../troubles.js";
import type { WebContext } from "../context.js";
import { entryJson, pageJson } from "../json.js";
import type { EventStream } from "./sse.js";

/** How soon a list that could not be read is read again. */
const RETRY_MS = 1_000;
/** How many sessions a stream begins with; the rest is read by pages. */
const FIRST_PAGE = 100;

/**
 * Tells the newest of the user's sessions at once, then each entry that changes,
 * until the signal is aborted. Where it may have missed a change it begins anew.
 * Yields after each step.
 */
export async function* followList(
  { lists, listChanges, logger }: WebContext,
  user: string,
  stream: EventStream,
  signal: AbortSignal,
): AsyncGenerator<void, void, undefined> {
  const streak = new Streak(logger, "read a list of sessions");
  for await (const change of listChanges.changes(user, signal)) {
    if (change !== "any") {
      for (const entry of change) await stream.send("session", { session: entryJson(entry) });
      yield;
      continue;
    }
    while (!signal.aborted) {
      try {
        const page = pageJson(await lists.page(user, { limit: FIRST_PAGE }));
        streak.succeeded();
        await stream.send("sessions", page);
        yield;
        break;
      } catch (error) {
        streak.failed(error);
        await delay(RETRY_MS, undefined, { signal }).catch(() => {});
      }
    }
  }
}
