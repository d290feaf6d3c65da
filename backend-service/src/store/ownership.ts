import type { Queryable } from "@amp/postgres";
import type { Claim, Owner } from "./model.js";

/** Whether replica `r` keeps its session `s`: its lease is valid, and it runs it or goes on to. */
const KEEPS = `r.replica_id = s.owner and r.lease_until > clock_timestamp()
  and not (r.draining and s.open_turns = 0)`;

/** Whether nobody keeps session `s`, so that another may take it. */
const FREE = `not exists (select from replicas r where ${KEEPS})`;

/** Whether replica $2, who asks, may have sessions. */
const LEASED = `exists (
  select from replicas me
  where me.replica_id = $2 and me.lease_until > clock_timestamp() and not me.draining)`;

/**
 * To be followed by an `update sessions s ... from seen where ${MAY_OWN}`: takes or
 * keeps session $1 for replica $2.
 *
 * An update that waited for another one checks its conditions again on the new
 * row, but sees other tables as they were before it waited. So whether nobody
 * keeps it counts only while it has the epoch and the turns that it was judged by.
 */
export const SEEN = `seen as (
  select s.epoch, s.turn_count, ${FREE} as free from sessions s where s.session_id = $1)`;
export const MAY_OWN = `s.session_id = $1 and s.state = 'active' and ${LEASED}
  and (s.owner = $2
    or (seen.free and s.epoch = seen.epoch and s.turn_count = seen.turn_count))`;
export const OWN = "owner = $2, epoch = s.epoch + (s.owner is distinct from $2)::int";
export const CLAIM_COLUMNS =
  "s.session_id, s.epoch, s.agent, s.working_dir, s.description, s.open_turns";

const CLAIM = `
  with ${SEEN}
  update sessions s set ${OWN} from seen where ${MAY_OWN} returning ${CLAIM_COLUMNS}`;

const ORPHANS = `
  select s.session_id from sessions s
  where s.open_turns > 0 and (s.owner = $1 or ${FREE}) and s.session_id <> all ($2)
  limit 100`;

const OTHER_OWNER = `
  select r.replica_id, r.address from sessions s, replicas r
  where s.session_id = $1 and s.owner <> $2 and ${KEEPS}`;

const STRAYED = `
  select s.session_id from sessions s
  where s.session_id = any ($1)
    and (s.state = 'ended' or not (s.owner is not distinct from $2 or ${FREE}))`;

const RELEASE = "update sessions set owner = null where session_id = $1 and owner = $2";

export interface ClaimRow {
  session_id: string;
  epoch: number;
  agent: string;
  working_dir: string;
  description: string;
  open_turns: number;
}

export function toClaim(row: ClaimRow): Claim {
  return {
    sessionId: row.session_id,
    epoch: row.epoch,
    agent: row.agent,
    workingDir: row.working_dir,
    description: row.description,
    openTurns: row.open_turns,
  };
}

/** Takes or keeps a session; undefined when it is not active, owned elsewhere, or our own lease is over. */
export async function claim(
  db: Queryable,
  sessionId: string,
  replicaId: string,
): Promise<Claim | undefined> {
  const { rows } = await db.query<ClaimRow>(CLAIM, [sessionId, replicaId]);
  return rows[0] && toClaim(rows[0]);
}

/** Sessions with open turns that nobody else owns, but for those that `covered` names; at most 100. */
export async function orphans(
  db: Queryable,
  replicaId: string,
  covered: string[],
): Promise<string[]> {
  const { rows } = await db.query<{ session_id: string }>(ORPHANS, [replicaId, covered]);
  return rows.map((row) => row.session_id);
}

/** The replica that keeps the session, if it is another one. */
export async function otherOwner(
  db: Queryable,
  sessionId: string,
  replicaId: string,
): Promise<Owner | undefined> {
  const { rows } = await db.query<{ replica_id: string; address: string }>(OTHER_OWNER, [
    sessionId,
    replicaId,
  ]);
  return rows[0] && { replicaId: rows[0].replica_id, address: rows[0].address };
}

/** Lets go of a session, so that others may take it. */
export async function release(db: Queryable, sessionId: string, replicaId: string): Promise<void> {
  await db.query(RELEASE, [sessionId, replicaId]);
}

/** Those of the sessions that ended, or that another replica owns now. */
export async function strayed(
  db: Queryable,
  sessionIds: string[],
  replicaId: string,
): Promise<string[]> {
  const { rows } = await db.query<{ session_id: string }>(STRAYED, [sessionIds, replicaId]);
  return rows.map((row) => row.session_id);
}
