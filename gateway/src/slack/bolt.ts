import { App, type Context, type Receiver, UnknownError } from "@slack/bolt";
import type { WebClient } from "@slack/web-api";
import type { Logger } from "pino";
import { clientOptions, sdkLogger } from "./api/client.js";
import { outcomeOf } from "./api/outcome.js";
import type { SlackConfig } from "./config.js";
import type { Delivery } from "./door/delivery.js";
import { type Job, Postponed } from "./inbox/job.js";

/** Works one delivery; `botUserId` is who we are in its workspace. */
export type Listener = (job: Job, delivery: Delivery, botUserId: string) => Promise<void>;

/**
 * Bolt between the inbox and the work. Its receiver does not receive: the door
 * stores deliveries, and each attempt at one is an event that the receiver
 * gives to the app, which finds out in whose name to act and calls the one
 * listener of the delivery's kind. What that throws comes back to the inbox.
 */
export class InboxReceiver implements Receiver {
  private app: App | undefined;

  init(app: App): void {
    this.app = app;
  }

  async start(): Promise<void> {}
  async stop(): Promise<void> {}

  /** Resolves when the delivery is worked. @throws what its listener threw. */
  async process(job: Job, delivery: Delivery): Promise<void> {
    const body = { ...(job.body as Record<string, unknown>) };
    const customProperties = { amp: { job, delivery } };
    try {
      await this.app?.processEvent({ body, ack: async () => {}, customProperties });
    } catch (error) {
      throw error instanceof UnknownError ? error.original : error;
    }
  }
}

/** Sets Bolt up with one listener for each kind of delivery. */
export function boltReceiver(
  config: SlackConfig,
  client: WebClient,
  logger: Logger,
  listener: Listener,
): InboxReceiver {
  const receiver = new InboxReceiver();
  const app = new App({
    receiver,
    authorize: rememberSuccess(() =>
      client.auth.test().then(toAuthorization(config), notLetIn(logger)),
    ),
    convoStore: false,
    clientOptions: clientOptions(config, logger),
    logger: sdkLogger(logger),
  });
  const work = async ({ context }: { context: Context }) => {
    const { job, delivery } = context["amp"] as { job: Job; delivery: Delivery };
    await listener(job, delivery, context.botUserId ?? "");
  };
  app.event("message", work);
  app.event("app_mention", work);
  app.command(/.*/, work);
  app.action(/.*/, work);
  return receiver;
}

function toAuthorization({ botToken }: SlackConfig) {
  return ({ user_id, bot_id }: { user_id?: string; bot_id?: string }) => ({
    botToken,
    ...(user_id !== undefined && { botUserId: user_id }),
    ...(bot_id !== undefined && { botId: bot_id }),
  });
}

/** While Slack does not know the app, nothing is worked, and nothing given up. */
function notLetIn(logger: Logger) {
  return (error: unknown): never => {
    const outcome = outcomeOf(error);
    if (outcome.kind !== "later") throw error;
    logger.error({ reason: outcome.reason }, "Slack does not let the app in, deliveries wait");
    throw new Postponed(outcome.pause, outcome.reason);
  };
}

/** Calls until it works, and then never again. */
function rememberSuccess<T extends object>(call: () => Promise<T>): () => Promise<T> {
  let result: T | undefined;
  return async () => {
    result ??= await call();
    // Bolt writes the user and the workspace of a delivery into what it is given.
    return { ...result };
  };
}
