import type { Queryable } from "@amp/postgres";

/**
 * How long a lane stays with a worker that does not renew its claim, in
 * seconds. Only for a worker that hangs: one that is gone lost its lock.
 */
const LEASE_S = 30;

/** The first key of every worker's advisory lock; the second is the worker's number. */
export const LOCK_CLASS = 0x616d70;

/**
 * Takes lanes that are due and nobody's, or the worker's own but not in its
 * hands: the answer to an earlier claim was lost.
 */
export async function claim(
  db: Queryable,
  worker: number,
  inHand: string[],
  limit: number,
): Promise<string[]> {
  const { rows } = await db.query<{ lane: string }>(
    `update slack_lanes set owner = $1, lease_until = now() + make_interval(secs => $3)
     where lane in (
       select lane from slack_lanes
       where next_at <= now()
         and (owner is null or lease_until < now() or (owner = $1 and lane <> all($4)))
       order by next_at limit $2 for update skip locked
     ) returning lane`,
    [worker, limit, LEASE_S, inHand],
  );
  return rows.map(({ lane }) => lane);
}

/** Lets go of a lane; what waits in it is due after the pause, in milliseconds. */
export async function release(
  db: Queryable,
  worker: number,
  lane: string,
  pause: number,
): Promise<void> {
  await db.query("select slack_release_lane($1, $2, make_interval(secs => $3))", [
    lane,
    worker,
    pause / 1_000,
  ]);
}

/** Keeps the lanes in work, and only those. Returns which are still ours. */
export async function renew(db: Queryable, worker: number, lanes: string[]): Promise<Set<string>> {
  const { rows } = await db.query<{ lane: string }>(
    `update slack_lanes set lease_until = now() + make_interval(secs => $3)
     where owner = $1 and lane = any($2) returning lane`,
    [worker, lanes, LEASE_S],
  );
  return new Set(rows.map(({ lane }) => lane));
}

/** Owners that hold no lock: their process or its connection is gone. */
export async function lostOwners(db: Queryable): Promise<Set<number>> {
  const { rows } = await db.query<{ owner: number }>(
    `select distinct owner from slack_lanes where owner is not null and not exists (
       select from pg_locks
       where locktype = 'advisory' and classid = $1 and objid::bigint = owner and objsubid = 2
         and database = (select oid from pg_database where datname = current_database())
     )`,
    [LOCK_CLASS],
  );
  return new Set(rows.map(({ owner }) => owner));
}

/** Makes the lanes of an owner that is gone due at once. */
export async function takeFrom(db: Queryable, owners: number[]): Promise<void> {
  await db.query(
    "update slack_lanes set owner = null, lease_until = null, next_at = now() where owner = any($1)",
    [owners],
  );
}
