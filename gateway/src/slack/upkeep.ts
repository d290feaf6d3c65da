import { setTimeout as delay } from "node:timers/promises";
import type pg from "pg";
import type { Logger } from "pino";
import type { Backend } from "../backend/index.js";
import type { SlackConfig } from "./config.js";
import { purgeDead, purgeDone, purgeMappings, purgeTold } from "./inbox/purge.js";
import { endOrphans } from "./mappings/orphans.js";
import { abandon, strayReservations } from "./mappings/store.js";
import { NO_PLACE } from "./work/start.js";

const SWEEP_MS = 10_000;
/** Between two batches, for others. */
const BATCH_PAUSE_MS = 50;
/** How often it is looked for what is to be deleted: in a tenth of the shortest retention, within these bounds. */
const SHORTEST_MS = 1_000;
const LONGEST_MS = 600_000;

/** What the upkeep needs. */
export interface UpkeepOptions {
  pool: pg.Pool;
  backend: Backend;
  logger: Logger;
  config: Pick<SlackConfig, "inboxRetention" | "deadLetterRetention" | "sessionRetention">;
}

/**
 * Deletes what is over, in small batches, and takes back what was reserved and
 * never used. Loops of its own: nothing waits for them, and one that fails is
 * tried again at its next turn.
 */
export function keepUp({ pool, backend, logger, config }: UpkeepOptions): AsyncDisposable {
  const { inboxRetention, deadLetterRetention, sessionRetention } = config;
  const stop = new AbortController();
  const { signal } = stop;

  async function batches(batch: () => Promise<number>): Promise<void> {
    while ((await batch()) > 0 && (await pause(BATCH_PAUSE_MS, signal)));
  }
  async function purge(): Promise<void> {
    await batches(() => purgeDone(pool, inboxRetention));
    await batches(() => purgeDead(pool, deadLetterRetention));
    await batches(() => purgeMappings(pool, sessionRetention));
    await batches(() => purgeTold(pool, sessionRetention));
  }
  async function sweep(): Promise<void> {
    for (const id of await strayReservations(pool)) {
      await abandon(pool, id, (sessionId) => backend.end(sessionId, NO_PLACE));
    }
    await endOrphans(pool, backend, NO_PLACE);
  }
  async function every(ms: number, work: () => Promise<void>): Promise<void> {
    // Gateways that were started together do it at different times.
    let wait = ms * Math.random();
    while (await pause(wait, signal)) {
      await work().catch((error: unknown) =>
        logger.debug({ err: error }, "cannot tidy up Slack's tables now"),
      );
      wait = ms;
    }
  }

  const shortest = Math.min(inboxRetention, deadLetterRetention, sessionRetention) / 10;
  const running = Promise.all([
    every(SWEEP_MS, sweep),
    every(Math.min(Math.max(shortest, SHORTEST_MS), LONGEST_MS), purge),
  ]);
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
    },
  };
}

/** Whether the time passed, and not the signal ended it. */
function pause(ms: number, signal: AbortSignal): Promise<boolean> {
  return delay(ms, true, { signal }).catch(() => false);
}
