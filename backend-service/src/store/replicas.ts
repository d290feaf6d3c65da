import type { Queryable } from "@amp/postgres";

const RENEW = `
  insert into replicas (replica_id, address, heartbeat_at, lease_until, draining)
  values ($1, $2, clock_timestamp(), clock_timestamp() + $3 * interval '1 millisecond', $4)
  on conflict (replica_id) do update
  set address = excluded.address, heartbeat_at = excluded.heartbeat_at,
    lease_until = excluded.lease_until, draining = excluded.draining`;

const RELEASE = "delete from replicas where replica_id = $1";

const FORGET_DEAD = "delete from replicas where lease_until < now() - interval '1 hour'";

const LIVING = "select replica_id from replicas where lease_until > clock_timestamp()";

/** How a replica stands. */
export interface ReplicaState {
  /** Where the others reach it. */
  address: string;
  leaseMs: number;
  /** Whether it takes no more sessions, and lets go of those that nothing runs in. */
  draining: boolean;
}

/** Takes or renews the lease of a replica, by the database's clock. */
export async function renewLease(
  db: Queryable,
  replicaId: string,
  { address, leaseMs, draining }: ReplicaState,
): Promise<void> {
  await db.query(RENEW, [replicaId, address, leaseMs, draining]);
}

/** Gives up a replica's lease: from now on, its sessions may be taken. */
export async function releaseLease(db: Queryable, replicaId: string): Promise<void> {
  await db.query(RELEASE, [replicaId]);
}

/** Removes the rows of replicas that died long ago. */
export async function forgetDeadReplicas(db: Queryable): Promise<void> {
  await db.query(FORGET_DEAD);
}

/** The ids of the replicas whose lease is not over. */
export async function livingReplicas(db: Queryable): Promise<Set<string>> {
  const { rows } = await db.query<{ replica_id: string }>(LIVING);
  return new Set(rows.map((row) => row.replica_id));
}
