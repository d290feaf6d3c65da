import { setTimeout as delay } from "node:timers/promises";
import type { WebContext } from "../context.js";
import { entryJson } from "../json.js";
import type { EventStream } from "./sse.js";

/** How soon a list that could not be read is read again. */
const RETRY_MS = 1_000;

/** Tells the user's list of sessions, whole, at once and at each change, until the signal is aborted. Yields after each. */
export async function* followList(
  { mappings, lists, logger }: WebContext,
  user: string,
  stream: EventStream,
  signal: AbortSignal,
): AsyncGenerator<void, void, undefined> {
  for await (const _ of lists.changes(user, signal)) {
    while (!signal.aborted) {
      try {
        const sessions = (await mappings.list(user)).map(entryJson);
        await stream.send("sessions", { sessions });
        yield;
        break;
      } catch (error) {
        logger.debug({ err: error }, "cannot read a list of sessions now");
        await delay(RETRY_MS, undefined, { signal }).catch(() => {});
      }
    }
  }
}
