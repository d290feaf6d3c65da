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
