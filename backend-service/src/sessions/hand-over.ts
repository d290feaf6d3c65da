import type pg from "pg";
import type { Logger } from "pino";
import { release } from "../store/ownership.js";
import { SessionError } from "./errors.js";
import type { Lane } from "./lane.js";

/**
 * Leaves the sessions whose turns only wait, for their like or for people, to their
 * next owner, so that it need not wait for this replica's end.
 */
export async function handOver(
  lanes: Lane[],
  pool: pg.Pool,
  replicaId: string,
  logger: Logger,
): Promise<void> {
  for (const lane of lanes) {
    if (lane.working || !lane.busy || lane.holds > 0) continue;
    const { sessionId } = lane;
    lane.close(new SessionError("draining", sessionId));
    await release(pool, sessionId, replicaId).catch((error: unknown) => {
      logger.warn({ err: error, sessionId }, "cannot hand a session over; the lease runs out");
    });
  }
}
