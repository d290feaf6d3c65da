import type { Queryable } from "@amp/postgres";
import type { Claim } from "./model.js";

/** Whether the owner of session `s` has no valid lease, so that another may take it. */
const FREE = `(s.owner is null or not exists (
  select from replicas r where r.replica_id = s.owner and r.lease_until > clock_timestamp()))`;

/** Whether replica $2, who asks, has a valid lease itself. */
const LEASED = `exists (
  select from replicas me where me.replica_id = $2 and me.lease_until > clock_timestamp())`;

/**
 * To be followed by an `update sessions s ... from seen where ${MAY_OWN}`: takes or
 * keeps session $1 for replica $2.
 *
 * An update that waited for another one checks its conditions again on the new
 * row, but sees other tables as they were before it waited. So whether the owner
 * is gone counts only while the epoch is the one that it was judged by.
 */
export const SEEN = `seen as (
  select s.epoch, ${FREE} as free from sessions s where s.session_id = $1)`;
export const MAY_OWN = `s.session_id = $1 and s.state = 'active' and ${LEASED}
  and (s.owner = $2 or (seen.free and s.epoch = seen.epoch))`;
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

const OWNED_ELSEWHERE = `
  select not (s.owner is not distinct from $2 or ${FREE}) as elsewhere
  from sessions s where s.session_id = $1`;

const STRAYED = `
  select s.session_id from sessions s
  where s.session_id = any ($1)
    and (s.state = 'ended' or not (s.owner is not distinct from $2 or ${FREE}))`;

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

/** Whether another replica with a valid lease owns the session. */
export async function ownedElsewhere(
  db: Queryable,
  sessionId: string,
  replicaId: string,
): Promise<boolean> {
  const { rows } = await db.query<{ elsewhere: boolean }>(OWNED_ELSEWHERE, [sessionId, replicaId]);
  return rows[0]?.elsewhere ?? false;
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
