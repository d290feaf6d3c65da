import { Releases } from "@amp/service";
import { Router } from "express";

import type { Surface, SurfaceContext } from "../surface.js";
import { botClient, clientOptions } from "./api/client.js";
import { questionOf } from "./approvals/question.js";
import { showQuestion } from "./approvals/show.js";
import { boltReceiver } from "./bolt.js";
import { namesOf, type SlackConfig } from "./config.js";
import { parseDelivery } from "./door/parse.js";
import { deliveryRoutes } from "./door/routes.js";
import { SocketConnections } from "./door/socket.js";
import type { Handler } from "./inbox/job.js";
import { inboxMetrics } from "./inbox/metrics.js";
import { enqueue } from "./inbox/store.js";
import { InboxWorker } from "./inbox/worker.js";
import { managementRoutes } from "./management.js";
import { activeSessions, markChecked, uncheckedMappings } from "./mappings/store.js";
import { Outbox } from "./outbox/outbox.js";
import { withoutMarkdown } from "./text/plain.js";
import type { Bridge } from "./work/bridge.js";
import { endedHere, sessionsEnded, tellEnded } from "./work/ended.js";
import { NO_PLACE } from "./work/start.js";
import { giveUpDelivery, workDelivery } from "./work/work.js";

/**
 * Starts the Slack surface. A delivery comes in by a door (HTTP, Socket Mode,
 * or both), is stored in the inbox and acknowledged; a worker, of this process
 * or another, takes it through Bolt to its work; its replies leave by the outbox.
 */
export async function startSlack(config: SlackConfig, context: SurfaceContext): Promise<Surface> {
  const { backend, pool, database, metrics } = context;
  const logger = context.logger.child({ surface: "slack" });
  await using releases = new Releases();

  const client = botClient(config, logger);
  const endSession = (sessionId: string) => backend.end(sessionId, NO_PLACE);
  const adapt = config.markdownBlocks ? undefined : withoutMarkdown;
  const outbox = new Outbox(pool, client, logger, endSession, adapt);
  const bridge: Bridge = { config, backend, pool, client, outbox, logger };
  const names = namesOf(config);
  let self: string | undefined;
  const receiver = boltReceiver(config, client, logger, (job, delivery, botUserId) => {
    self = botUserId;
    return workDelivery(bridge, job, delivery, botUserId);
  });
  const handler: Handler = {
    async work(job) {
      const ended = endedHere(job.body);
      if (ended) return tellEnded(bridge, job, ended);
      const question = questionOf(job.body);
      if (question) return showQuestion(bridge, job, question);
      const parsed = parseDelivery(job.body, names);
      if ("delivery" in parsed) await receiver.process(job, parsed.delivery);
    },
    async giveUp(job) {
      const parsed = parseDelivery(job.body, names);
      if ("delivery" in parsed) await giveUpDelivery(bridge, job, parsed.delivery, self);
    },
  };
  releases.use(await InboxWorker.start({ pool, database, logger, handler }));
  inboxMetrics(metrics, pool);

  async function accept(body: unknown): Promise<void> {
    const parsed = parseDelivery(body, names);
    if ("delivery" in parsed) await enqueue(pool, parsed, body);
    else logger.debug({ reason: parsed.ignored }, "ignored a Slack delivery");
  }
  if (config.appToken !== undefined) {
    const { appToken } = config;
    const options = clientOptions(config, logger);
    releases.use(new SocketConnections({ appToken, clientOptions: options, accept, logger }));
  }
  const { signingSecret } = config;
  const publicRouter = deliveryRoutes({ signingSecret, accept, logger });
  const router = Router();
  router.use(publicRouter, managementRoutes(config, pool));
  const running = releases.move();
  return {
    name: "slack",
    router,
    publicRouter,
    mappings: {
      activeSessions: (after, limit) => activeSessions(pool, after, limit),
      unchecked: (limit) => uncheckedMappings(pool, limit),
      checked: (ids) => markChecked(pool, ids),
      ended: (endings) => sessionsEnded(bridge, endings),
    },
    [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
  };
}
