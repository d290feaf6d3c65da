import type pg from "pg";
import { Counter, Gauge, type Registry } from "prom-client";
import type { Refused } from "./refuse.js";
import { countRefused } from "./store.js";

/** Tells what Slack refuses, and how many replies are kept that it did not take. Returns what counts a refusal. */
export function outboxMetrics(
  registry: Registry,
  pool: pg.Pool,
): (code: string, followed: Refused["followed"]) => void {
  const refusals = new Counter({
    name: "amp_slack_posts_refused_total",
    help: "Posts that Slack refused, by its error and what followed",
    labelNames: ["code", "followed"],
    registers: [registry],
  });
  new Gauge({
    name: "amp_slack_replies_given_up",
    help: "Replies that Slack took in no form, kept to be tried again",
    registers: [registry],
    async collect() {
      this.reset();
      await countRefused(pool).then(
        (count) => this.set(count),
        () => {},
      );
    },
  });
  return (code, followed) => refusals.inc({ code, followed });
}
