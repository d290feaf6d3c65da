import type { Queryable } from "@amp/postgres";
import { connectSessions, LONGEST_RESPONSE, type SessionClient } from "@amp/proto";
import type { ChannelCredentials } from "@grpc/grpc-js";
import type { Owner } from "../store/model.js";
import { livingReplicas } from "../store/replicas.js";

/** A call to another replica, under way. */
export interface PeerCall extends Disposable {
  client: SessionClient;
  /** Aborted when the caller is gone, the other replica is dead, or this one drains. */
  signal: AbortSignal;
}

/** Whatever the owner may answer is passed back. */
const CHANNEL = { "grpc.max_receive_message_length": LONGEST_RESPONSE };

interface Peer {
  client: SessionClient;
  calls: Set<AbortController>;
}

/** The channels to the other replicas, one each: opened on demand, closed when it is dead. */
export class Peers implements Disposable {
  #peers = new Map<string, Peer>();

  constructor(
    private readonly db: Queryable,
    private readonly credentials: ChannelCredentials,
  ) {}

  /** Begins a call to the replica; dispose it when it is over. */
  call({ replicaId, address }: Owner, caller: AbortSignal): PeerCall {
    let peer = this.#peers.get(replicaId);
    if (!peer) {
      const { credentials } = this;
      const client = connectSessions(address, { credentials, channel: CHANNEL });
      peer = { client, calls: new Set() };
      this.#peers.set(replicaId, peer);
    }
    const { client, calls } = peer;
    const stop = new AbortController();
    const leave = () => stop.abort();
    calls.add(stop);
    caller.addEventListener("abort", leave);
    if (caller.aborted) leave();
    return {
      client,
      signal: stop.signal,
      [Symbol.dispose]() {
        calls.delete(stop);
        caller.removeEventListener("abort", leave);
      },
    };
  }

  /**
   * Gives up what is called of replicas whose lease is over, whether or not they
   * still answer: somebody else may have their sessions.
   */
  async sweep(): Promise<void> {
    if (this.#peers.size === 0) return;
    const living = await livingReplicas(this.db);
    for (const [replicaId, { client }] of this.#peers) {
      if (living.has(replicaId)) continue;
      this.#stop(replicaId);
      client.close();
      this.#peers.delete(replicaId);
    }
  }

  /** Gives up all calls. */
  stop(): void {
    for (const replicaId of this.#peers.keys()) this.#stop(replicaId);
  }

  [Symbol.dispose](): void {
    for (const { client } of this.#peers.values()) client.close();
    this.#peers.clear();
  }

  #stop(replicaId: string): void {
    for (const call of this.#peers.get(replicaId)?.calls ?? []) call.abort();
  }
}
