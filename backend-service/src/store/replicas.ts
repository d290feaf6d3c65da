import type { Queryable } from "@amp/postgres";

const RENEW = `
  insert into replicas (replica_id, address, heartbeat_at, lease_until)
  values ($1, $2, clock_timestamp(), clock_timestamp() + $3 * interval '1 millisecond')
  on conflict (replica_id) do update
  set address = excluded.address, heartbeat_at = excluded.heartbeat_at,
    lease_until = excluded.lease_until`;

const RELEASE = "delete from replicas where replica_id = $1";

const FORGET_DEAD = "delete from replicas where lease_until < now() - interval '1 hour'";

/** Takes or renews the lease of a replica, by the database's clock. */
export async function renewLease(
  db: Queryable,
  replicaId: string,
  address: string,
  leaseMs: number,
): Promise<void> {
  await db.query(RENEW, [replicaId, address, leaseMs]);
}

/** Gives up a replica's lease: from now on, its sessions may be taken. */
export async function releaseLease(db: Queryable, replicaId: string): Promise<void> {
  await db.query(RELEASE, [replicaId]);
}

/** Removes the rows of replicas that died long ago. */
export async function forgetDeadReplicas(db: Queryable): Promise<void> {
  await db.query(FORGET_DEAD);
}
