import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import type { Envelope } from "./envelope.js";
import { APP } from "./identity.js";
import { WebSocketPeer } from "./websocket.js";

/** An app may have so many connections: https://docs.slack.dev/apis/events-api/using-socket-mode */
const MOST = 10;
/** Slack pings so often, in milliseconds. */
const PING_MS = 10_000;
/** A delivery that is not acknowledged for so long has failed, in milliseconds. */
const PATIENCE_MS = 3_000;

/** A connection that fell silent; times in milliseconds of the run. */
export interface Silence {
  /** Where its app reaches Slack. */
  host: string;
  begun: number;
  /** When the app broke it off, or we did. */
  noticed: number | undefined;
}

/**
 * The connections of Socket Mode, as
 * https://docs.slack.dev/apis/events-api/using-socket-mode has them: each delivery
 * goes to any one of them, and is acknowledged by the id of its envelope.
 */
export class Sockets implements Disposable {
  /** What became of the connections that fell silent. */
  readonly silences: Silence[] = [];
  private readonly open = new Map<WebSocketPeer, { host: string }>();
  private readonly tickets = new Set<string>();
  private readonly waiting = new Map<string, () => void>();
  private readonly pinging = setInterval(() => {
    for (const each of this.open.keys()) each.ping();
  }, PING_MS).unref();

  /** The address of a new connection, good for one; `host` is where the app reaches Slack. */
  ticket(host: string): string {
    const ticket = randomUUID();
    this.tickets.add(ticket);
    return `ws://${host}/link/?ticket=${ticket}&app_id=${APP.id}`;
  }

  /** Takes a request to upgrade. */
  accept(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const ticket = new URL(request.url ?? "/", "ws://slack").searchParams.get("ticket");
    if (ticket === null || !this.tickets.delete(ticket)) {
      socket.end("HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n");
      return;
    }
    const peer = WebSocketPeer.accept(request, socket, head);
    if (this.open.size >= MOST) {
      peer.send(JSON.stringify({ type: "disconnect", reason: "too_many_websockets" }));
      peer.close();
      return;
    }
    this.open.set(peer, { host: request.headers.host ?? "" });
    peer.once("close", () => this.open.delete(peer));
    peer.on("text", (text) => this.acknowledged(text));
    const connection_info = { app_id: APP.id };
    peer.send(JSON.stringify({ type: "hello", num_connections: this.open.size, connection_info }));
  }

  /** How many there are. */
  get count(): number {
    return this.open.size;
  }

  /** Delivers by one of the connections, which `choose` names. Returns whether it was acknowledged in time. */
  async deliver(
    { type, payload }: Envelope,
    attempt: number,
    choose: (count: number) => number,
  ): Promise<boolean> {
    const peers = [...this.open.keys()];
    const peer = peers[choose(peers.length)];
    const envelope_id = randomUUID();
    const acknowledged = new Promise<boolean>((resolve) => {
      this.waiting.set(envelope_id, () => resolve(true));
    });
    const retry = { retry_attempt: attempt, retry_reason: attempt > 0 ? "timeout" : "" };
    const envelope = { envelope_id, type, payload, accepts_response_payload: false };
    // With no connection Slack waits all the same: one may come.
    peer?.send(JSON.stringify({ ...envelope, ...(type === "events_api" && retry) }));
    const timeout = delay(PATIENCE_MS, false, { ref: false });
    const result = await Promise.race([acknowledged, timeout]);
    this.waiting.delete(envelope_id);
    return result;
  }

  private acknowledged(text: string): void {
    const { envelope_id } = JSON.parse(text) as { envelope_id?: string };
    if (envelope_id !== undefined) this.waiting.get(envelope_id)?.();
  }

  /** Tells all to come anew, and closes them a while later. An even `variant` warns, an odd one requests. */
  async renew(variant: number, duration: number): Promise<void> {
    const peers = [...this.open.keys()];
    const reason = variant % 2 === 0 ? "warning" : "refresh_requested";
    for (const each of peers) each.send(JSON.stringify({ type: "disconnect", reason }));
    await delay(duration);
    for (const each of peers) each.close();
    await delay(1_000);
    for (const each of peers) each.destroy();
  }

  /** Leaves all that there are half-open, and delivers into them, until the app or we break them off. */
  async silence(duration: number): Promise<void> {
    const peers = [...this.open];
    for (const [peer, { host }] of this.open) {
      peer.goSilent();
      const silence: Silence = { host, begun: performance.now(), noticed: undefined };
      this.silences.push(silence);
      peer.once("close", () => {
        silence.noticed ??= performance.now();
      });
    }
    await delay(duration);
    for (const [peer] of peers) peer.destroy();
  }

  [Symbol.dispose](): void {
    clearInterval(this.pinging);
    for (const each of this.open.keys()) each.destroy();
  }
}
