import { WebAPIPlatformError, type WebClient } from "@slack/web-api";
import { z } from "zod";
import { outcomeOf } from "../api/outcome.js";
import { Postponed } from "../inbox/job.js";
import type { UserId } from "../keys.js";
import type { Bridge } from "./bridge.js";

/** https://docs.slack.dev/reference/methods/users.info */
const Answer = z.object({
  user: z.object({ is_bot: z.boolean().nullish(), is_workflow_bot: z.boolean().nullish() }),
});

/** Errors after which Slack will not tell until somebody changes something. */
const UNTOLD = new Set(["missing_scope", "user_not_found", "user_not_visible", "no_permission"]);

const MOST = 10_000;
const knownTo = new WeakMap<WebClient, Map<UserId, boolean>>();

/**
 * Whether a user is a person and no bot, as Slack tells it; where it does not,
 * they are taken for a bot, so that two bots never talk to each other.
 * @throws Postponed, or what the call threw, when Slack may tell later
 */
export async function isPerson({ client, logger }: Bridge, user: UserId): Promise<boolean> {
  const known = knownTo.get(client) ?? new Map<UserId, boolean>();
  knownTo.set(client, known);
  const told = known.get(user);
  if (told !== undefined) return told;
  try {
    const { user: info } = Answer.parse(await client.users.info({ user }));
    const person = !info.is_bot && !info.is_workflow_bot;
    if (known.size >= MOST) known.clear();
    known.set(user, person);
    return person;
  } catch (error) {
    if (error instanceof WebAPIPlatformError && UNTOLD.has(error.data.error)) {
      logger.warn(
        { reason: error.data.error },
        "ignored a post of an app: Slack does not tell whose it is",
      );
      return false;
    }
    const outcome = outcomeOf(error);
    throw outcome.kind === "later" ? new Postponed(outcome.pause, outcome.reason) : error;
  }
}
