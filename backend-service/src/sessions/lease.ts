import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { Queryable } from "@amp/postgres";
import type { Logger } from "pino";
import { releaseLease, renewLease } from "../store/replicas.js";
import { onceAvailable } from "./retry.js";

/** How a replica stays the owner of its sessions; milliseconds. */
export interface LeaseTimes {
  heartbeatMs: number;
  /** How long the others wait for a heartbeat. */
  leaseMs: number;
  /** How long this replica works on without one; well below leaseMs, so that clocks need not agree. */
  trustMs: number;
}

export const LEASE_TIMES: LeaseTimes = { heartbeatMs: 1_000, leaseMs: 5_000, trustMs: 4_000 };

/** After a failed heartbeat the next one follows in this part of the time: the lease runs on meanwhile. */
const HURRY = 1 / 5;

/** What a lease needs. */
export interface LeaseOptions {
  db: Queryable;
  /** Where other replicas reach this one, as far as that is known. */
  address: () => string;
  times: LeaseTimes;
  logger: Logger;
  /** After every heartbeat: whether the database answered. */
  onHeartbeat: (ok: boolean) => void;
  /** Others may own the sessions from now on. */
  onLost: () => void;
}

/**
 * This replica's lease: *held* while heartbeats succeed, *lost* when none did for
 * `trustMs`, and held again with the next one. Losing it is a matter of time
 * alone, by the local monotonic clock and counted from before the heartbeat was
 * sent. A crash leaves a row whose time runs out.
 */
export class Lease implements AsyncDisposable {
  readonly replicaId = randomUUID();
  #held = false;
  #expiry: NodeJS.Timeout | undefined;
  #draining = false;
  #stop = new AbortController();
  #beating: Promise<void> | undefined;

  private constructor(private readonly options: LeaseOptions) {}

  /** Takes a lease, and keeps it until disposed. */
  static async take(options: LeaseOptions): Promise<Lease> {
    const lease = new Lease(options);
    await onceAvailable(() => lease.renew(), AbortSignal.timeout(options.times.trustMs));
    lease.#beating = lease.#beat();
    return lease;
  }

  get held(): boolean {
    return this.#held;
  }

  /** One heartbeat. @throws when the database does not answer. */
  async renew(): Promise<void> {
    if (this.#stop.signal.aborted) return;
    const { db, address, times } = this.options;
    const sent = performance.now();
    await renewLease(db, this.replicaId, {
      address: address(),
      leaseMs: times.leaseMs,
      draining: this.#draining,
    });
    if (this.#stop.signal.aborted) return;
    this.#held = true;
    clearTimeout(this.#expiry);
    const left = sent + times.trustMs - performance.now();
    this.#expiry = setTimeout(() => this.#lose(), left);
  }

  /** Takes no more sessions, and lets the others have those without open turns. */
  async retire(): Promise<void> {
    this.#draining = true;
    await this.renew();
  }

  /** Stops the heartbeat and gives the lease up, so that others take over at once. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    clearTimeout(this.#expiry);
    await this.#beating;
    this.#held = false;
    await releaseLease(this.options.db, this.replicaId).catch((error: unknown) =>
      this.options.logger.warn({ err: error }, "cannot release the lease; it runs out by itself"),
    );
  }

  #lose(): void {
    this.#held = false;
    this.options.logger.error("lost the lease: the database did not answer in time");
    this.options.onLost();
  }

  async #beat(): Promise<void> {
    const { signal } = this.#stop;
    const { heartbeatMs } = this.options.times;
    let ok = true;
    while (!signal.aborted) {
      const pause = ok ? heartbeatMs : heartbeatMs * HURRY;
      await delay(pause, undefined, { signal }).catch(() => {});
      if (signal.aborted) return;
      ok = await this.renew().then(
        () => true,
        (error: unknown) => {
          this.options.logger.warn({ err: error }, "heartbeat failed");
          return false;
        },
      );
      this.options.onHeartbeat(ok);
    }
  }
}
