import type pg from "pg";
import type { Logger } from "pino";
import type { Session } from "../store/model.js";
import { orphans, strayed } from "../store/ownership.js";
import { findSession } from "../store/sessions.js";
import { OwnedElsewhere } from "./errors.js";
import type { Lanes } from "./lanes.js";

/** What a sweep looks at, and what it does about it. */
export interface SweptSessions {
  pool: pg.Pool;
  replicaId: string;
  lanes: Lanes;
  /** Whether this replica is to take nothing any more. */
  over: () => boolean;
  /** Takes a session whose open turns nobody runs. */
  recover: (sessionId: string) => Promise<void>;
  /** Tells of the end of a session. */
  ended: (session: Session) => Promise<void>;
  logger: Logger;
}

/** Takes over what nobody runs, and lets go of what ended or changed hands unheard. */
export async function sweepSessions(swept: SweptSessions): Promise<void> {
  const { pool, replicaId, over, recover, ended, logger } = swept;
  if (over()) return;
  const lanes = swept.lanes.all();
  const busy = lanes.filter((lane) => lane.busy).map((lane) => lane.sessionId);
  for (const sessionId of await orphans(pool, replicaId, busy)) {
    if (over()) return;
    logger.info({ sessionId }, "a session has open turns that nobody runs");
    await recover(sessionId).catch((error: unknown) =>
      logger.warn({ err: error, sessionId }, "cannot take a session over yet"),
    );
  }
  const known = lanes.map((lane) => lane.sessionId);
  for (const sessionId of await strayed(pool, known, replicaId)) {
    if (over()) return;
    const session = await findSession(pool, sessionId);
    if (session?.state === "ended") await ended(session);
    else swept.lanes.find(sessionId)?.close(new OwnedElsewhere(sessionId));
  }
}
