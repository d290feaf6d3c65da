import type pg from "pg";
import { Gauge, type Registry } from "prom-client";
import { depth, type InboxDepth } from "./store.js";

/** Tells how much of the inbox waits. Asked of the database once at each scrape; left out while it is away. */
export function inboxMetrics(registry: Registry, pool: pg.Pool): void {
  let asked: Promise<InboxDepth | undefined> | undefined;
  // All gauges of a scrape are collected at the same time.
  const ask = () => {
    asked ??= depth(pool)
      .catch(() => undefined)
      .finally(() => {
        asked = undefined;
      });
    return asked;
  };
  const gauge = (name: string, help: string, value: (depth: InboxDepth) => number) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      async collect() {
        this.reset();
        const found = await ask();
        if (found) this.set(value(found));
      },
    });
  gauge("amp_slack_inbox_waiting", "Slack deliveries that wait or are in work", (d) => d.waiting);
  gauge("amp_slack_inbox_oldest_seconds", "Age of the oldest of them", (d) => d.oldest);
  gauge("amp_slack_inbox_dead", "Slack deliveries that were given up", (d) => d.dead);
}
