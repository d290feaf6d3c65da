import type { Queryable } from "@amp/postgres";

/**
 * How long the lanes of a worker stay its own if it does not renew its lease, in
 * milliseconds. Only for a worker that hangs: one that is gone lost its lock.
 */
export const LEASE_MS = 30_000;

/** The first key of every worker's advisory lock; the second is the worker's number. */
export const LOCK_CLASS = 0x616d70;

/** A lane that was claimed. */
export interface Claimed {
  lane: string;
  quick: boolean;
  suspect: boolean;
}

/** How many lanes of each kind there is room for. */
export interface Room {
  quick: number;
  conversations: number;
  suspects: number;
}

/** Takes lanes that are due and nobody's, for a worker that has its lease. */
export async function claim(db: Queryable, worker: number, room: Room): Promise<Claimed[]> {
  const { rows } = await db.query<Claimed>(
    `with quick as materialized (
       select lane from slack_lanes
       where owner is null and quick and not suspect and next_at <= now()
       order by next_at limit $2 for update skip locked
     ), conversations as materialized (
       select lane from slack_lanes
       where owner is null and not quick and not suspect and next_at <= now()
       order by next_at limit $3 for update skip locked
     ), suspects as materialized (
       select lane from slack_lanes
       where owner is null and suspect and next_at <= now()
       order by next_at limit $4 for update skip locked
     )
     update slack_lanes set owner = $1, lease_until = 'infinity', calm = false
     where lane in (
         select lane from quick union all select lane from conversations
         union all select lane from suspects
       ) and exists (select from slack_worker_leases where worker = $1)
     returning lane, quick, suspect`,
    [worker, room.quick, room.conversations, room.suspects],
  );
  return rows;
}

/** Makes lanes due that are the worker's own but not in its hands: the answer to a claim was lost. */
export async function releaseOthers(db: Queryable, worker: number, inHand: string[]) {
  await db.query(
    `update slack_lanes set owner = null, lease_until = null, next_at = now()
     where owner = $1 and lane <> all($2)`,
    [worker, inHand],
  );
}

/** Lets go of a lane; what waits in it is due after the pause, in milliseconds. Returns whether something waits. */
export async function release(
  db: Queryable,
  worker: number,
  lane: string,
  pause: number,
): Promise<boolean> {
  const { rows } = await db.query<{ waits: boolean }>(
    "select slack_let_go($1, $2, make_interval(secs => $3)) as waits",
    [lane, worker, pause / 1_000],
  );
  return rows[0]?.waits ?? false;
}

/** Notes that the worker lives on with these lanes: should it be gone later, they were not the cause. */
export async function markCalm(db: Queryable, worker: number, lanes: string[]): Promise<void> {
  await db.query(
    "update slack_lanes set calm = true, suspect = false where owner = $1 and lane = any($2)",
    [worker, lanes],
  );
}

/**
 * Workers that hold no lock, because their process or its connection is gone,
 * or did not renew their lease. A lock that can be had is given back at once.
 */
export async function lostWorkers(db: Queryable): Promise<number[]> {
  const { rows } = await db.query<{ worker: number }>(
    `select worker from slack_worker_leases
     where lease_until < now() or pg_try_advisory_xact_lock_shared($1, worker)`,
    [LOCK_CLASS],
  );
  return rows.map(({ worker }) => worker);
}

/**
 * Owners of lanes that have no lease, after a claim that was under way when
 * their lanes were taken; and gateways of the version before, whose lanes have
 * leases of their own, when one of them is over.
 */
export async function lostOwners(db: Queryable): Promise<number[]> {
  const { rows } = await db.query<{ owner: number }>(
    `select distinct owner from slack_lanes
     where owner is not null and (lease_until < now() or lease_until = 'infinity'
       and not exists (select from slack_worker_leases where worker = owner))`,
  );
  return rows.map(({ owner }) => owner);
}

/** Makes the lanes of workers that are gone due at once, and counts what was at work there only for seconds. */
export async function takeFrom(db: Queryable, workers: number[]): Promise<void> {
  await db.query("select slack_take_lanes($1)", [workers]);
}

/** Makes all lanes of a worker that stops due at once. */
export async function leave(db: Queryable, worker: number): Promise<void> {
  await db.query(
    `with lease as (delete from slack_worker_leases where worker = $1)
     update slack_lanes set owner = null, lease_until = null, next_at = now() where owner = $1`,
    [worker],
  );
}
