import { Gauge, type Registry } from "prom-client";
import type { SocketConnections } from "./socket.js";

/** Tells when Slack delivered last, by whichever door. Returns `accept`, which notes it. */
export function deliveryMetrics(
  registry: Registry,
  accept: (body: unknown) => Promise<void>,
): (body: unknown) => Promise<void> {
  let last = performance.now();
  new Gauge({
    name: "amp_slack_last_delivery_seconds",
    help: "Seconds since Slack delivered anything to this gateway, or since its start",
    registers: [registry],
    collect() {
      this.set((performance.now() - last) / 1_000);
    },
  });
  return (body) => {
    last = performance.now();
    return accept(body);
  };
}

/** Tells how many Socket Mode connections this gateway has. */
export function socketMetrics(registry: Registry, connections: SocketConnections): void {
  new Gauge({
    name: "amp_slack_socket_connected",
    help: "Socket Mode connections on which Slack said hello to this gateway, and that answer its pings",
    registers: [registry],
    collect() {
      this.set(connections.connected);
    },
  });
}
