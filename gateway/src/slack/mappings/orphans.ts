/**
 * Sessions whose making was given up without knowing whether the backend made
 * them. The same request finds such a session, or makes it now: then it is
 * ended, so that none lives on that nobody can see.
 */
import type { Queryable } from "@amp/postgres";
import { type Backend, BackendError } from "../../backend/index.js";

/** What a session was to be made by. */
export type CreateRequest = Parameters<Backend["create"]>[0];

const BATCH = 20;

/** Notes that the request's session is to be ended. */
export async function noteOrphan(db: Queryable, request: CreateRequest): Promise<void> {
  await db.query(
    "insert into slack_orphans (request_id, request) values ($1, $2) on conflict do nothing",
    [request.requestId, JSON.stringify(request)],
  );
}

/** Ends some of them; @throws what fails, to be tried again. */
export async function endOrphans(
  db: Queryable,
  backend: Pick<Backend, "create" | "end">,
  reason: string,
): Promise<void> {
  const { rows } = await db.query<{ request: CreateRequest }>(
    `select request from slack_orphans order by since limit ${BATCH}`,
  );
  for (const { request } of rows) {
    try {
      const { sessionId } = await backend.create(request);
      await backend.end(sessionId, reason);
    } catch (error) {
      // Refused for good, as for a folder that is gone: then there is none.
      if (!(error instanceof BackendError) || error.kind === "transient") throw error;
    }
    await db.query("delete from slack_orphans where request_id = $1", [request.requestId]);
  }
}
