import { setTimeout as delay } from "node:timers/promises";
import type { WebClient } from "@slack/web-api";
import type { Logger } from "pino";
import type { SlackHealth } from "./api/health.js";
import { outcomeOf } from "./api/outcome.js";
import { takesOperator } from "./api/refusals.js";
import { UserId } from "./keys.js";

/** How soon Slack is asked again, in milliseconds, unless it wants more time. */
const PAUSE_MS = 5_000;
/** How soon even then, so that the work goes on within half a minute of a repair. */
const LONGEST_PAUSE_MS = 25_000;

/**
 * Asks Slack who the app is until Slack answers. Before that nothing can be
 * worked: no delivery is taken, none fails, and a gateway that Slack does not
 * let in leaves all of them to the others.
 * @throws the signal's reason
 */
export async function findIdentity(
  client: WebClient,
  logger: Logger,
  signal: AbortSignal,
  health?: SlackHealth,
): Promise<UserId> {
  let told: string | undefined;
  for (;;) {
    try {
      const { user_id } = await client.auth.test();
      health?.letIn("bot token");
      return UserId.parse(user_id);
    } catch (error) {
      const outcome = outcomeOf(error);
      const limited = outcome.kind === "later" && outcome.reason === "ratelimited";
      if (health && takesOperator(outcome.reason)) {
        health.refused("bot token", outcome.reason);
      } else if (outcome.reason !== told) {
        logger.error({ reason: outcome.reason }, "Slack does not let the app in, deliveries wait");
      }
      told = outcome.reason;
      const pause = limited ? Math.min(outcome.pause, LONGEST_PAUSE_MS) : PAUSE_MS;
      await delay(pause, undefined, { signal });
    }
  }
}

/**
 * Whether Slack lets the app in, for work that is about to begin: without a call
 * while no refusal is known, else asked of Slack, at most once in five seconds
 * for all that wait. So a token that is refused later on costs nobody a turn
 * whose answer could not be shown.
 */
export function admission(client: WebClient, health: SlackHealth): () => Promise<boolean> {
  let asked: Promise<unknown> = Promise.resolve();
  let askedAt = Number.NEGATIVE_INFINITY;
  return async () => {
    if (!health.refuses("bot token")) return true;
    if (performance.now() - askedAt >= PAUSE_MS) {
      askedAt = performance.now();
      asked = client.auth.test().then(
        () => health.letIn("bot token"),
        (error: unknown) => {
          const { reason } = outcomeOf(error);
          if (takesOperator(reason)) health.refused("bot token", reason);
        },
      );
    }
    await asked;
    return !health.refuses("bot token");
  };
}

/** How long work waits that Slack's refusal keeps from its beginning, in milliseconds. */
export const SHUT_OUT_PAUSE_MS = PAUSE_MS;
