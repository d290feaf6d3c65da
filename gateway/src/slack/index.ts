import { openPool } from "@amp/postgres";
import { Releases } from "@amp/service";
import { Router } from "express";
import { localNames } from "../local-host.js";
import type { Surface, SurfaceContext } from "../surface.js";
import { botClient, clientOptions } from "./api/client.js";
import { loggedError } from "./api/errors.js";
import { SlackHealth } from "./api/health.js";
import { questionOf } from "./approvals/question.js";
import { showQuestion } from "./approvals/show.js";
import { isStandIn, namesOf, type SlackConfig } from "./config.js";
import { acceptor } from "./door/accept.js";
import { type Delivery, isChange } from "./door/delivery.js";
import { deliveryMetrics, socketMetrics } from "./door/metrics.js";
import { parseDelivery } from "./door/parse.js";
import { deliveryRoutes } from "./door/routes.js";
import { SocketSlots } from "./door/slots.js";
import { SocketConnections } from "./door/socket.js";
import { admission, findIdentity, SHUT_OUT_PAUSE_MS } from "./identity.js";
import { type Handler, type Job, NotForUs, Postponed } from "./inbox/job.js";
import { inboxMetrics } from "./inbox/metrics.js";
import { InboxWorker } from "./inbox/worker.js";
import { managementRoutes } from "./management.js";
import { activeSessions, markChecked, uncheckedMappings } from "./mappings/store.js";
import { outboxMetrics } from "./outbox/metrics.js";
import { Outbox } from "./outbox/outbox.js";
import { People } from "./people.js";
import { Policy } from "./policy.js";
import { withoutMarkdown } from "./text/plain.js";
import { keepUp } from "./upkeep.js";
import type { Bridge } from "./work/bridge.js";
import { endedHere, sessionsEnded, tellEnded } from "./work/ended.js";
import { workChange } from "./work/gone.js";
import { NO_PLACE } from "./work/start.js";
import { giveUpDelivery, workDelivery } from "./work/work.js";

/** To the database, of the door alone: a delivery is stored within milliseconds. */
const DOOR_CONNECTIONS = 4;

/**
 * Starts the Slack surface. A delivery comes in by a door (HTTP, Socket Mode,
 * or both), is parsed, stored in the inbox and acknowledged; a worker, of this
 * process or another, takes it to its work; its replies leave by the outbox.
 */
export async function startSlack(config: SlackConfig, context: SurfaceContext): Promise<Surface> {
  const { backend, pool, database, metrics, ownerOnly } = context;
  const logger = context.logger.child({ surface: "slack" }, { serializers: { err: loggedError } });
  await using releases = new Releases();

  const client = botClient(config, logger);
  const endSession = (sessionId: string) => backend.end(sessionId, NO_PLACE);
  const adapt = config.markdownBlocks ? undefined : withoutMarkdown;
  const health = new SlackHealth(logger);
  const outbox = new Outbox(pool, client, logger, endSession, adapt, {
    taken: () => health.letIn("bot token"),
    shutOut: (code) => health.refused("bot token", code),
    refused: outboxMetrics(metrics, pool),
  });
  const policy = new Policy(config, new People(client), logger);
  const bridge: Bridge = { config, backend, pool, client, outbox, policy, logger };
  const names = namesOf(config);
  const stop = new AbortController();
  const identity = findIdentity(client, logger, stop.signal, health);
  identity.catch(() => {});
  const isLetIn = admission(client, health);
  releases.defer(() => stop.abort());
  const handler: Handler = {
    async work(job) {
      if (job.kind === "amp_session_ended") return tellEnded(bridge, job, endedHere(job.content));
      if (job.kind === "amp_question") return showQuestion(bridge, job, questionOf(job.content));
      const delivery = deliveryOf(job, names);
      // Also when Slack lets the app in no more, which is one of them.
      if (delivery && isChange(delivery)) return workChange(bridge, job, delivery);
      const self = await identity;
      if (!(await isLetIn())) {
        throw new Postponed(SHUT_OUT_PAUSE_MS, "Slack does not let the app in.");
      }
      const words = delivery?.kind === "message";
      if (!delivery || (words && delivery.user === self)) throw new NotForUs();
      await workDelivery(bridge, job, delivery, self);
    },
    async giveUp(job) {
      const delivery = job.kind === "delivery" ? deliveryOf(job, names) : undefined;
      if (delivery && !isChange(delivery))
        await giveUpDelivery(bridge, job, delivery, await identity);
    },
  };
  const ready = identity;
  releases.use(await InboxWorker.start({ pool, database, logger, handler, ready }));
  inboxMetrics(metrics, pool);
  releases.use(keepUp({ pool, backend, logger, config }));

  // However many requests the other listener has, what Slack delivers finds a connection.
  const doorPool = openPool({
    ...database,
    application: "amp-gateway-door",
    max: DOOR_CONNECTIONS,
  });
  releases.defer(() => doorPool.end());
  const accept = deliveryMetrics(metrics, acceptor({ pool: doorPool, logger, config, identity }));
  if (config.appToken !== undefined) {
    const { appToken } = config;
    const options = clientOptions(config, logger);
    const slots = releases.use(new SocketSlots(database, logger));
    const socket = { appToken, clientOptions: options, accept, logger, slots, health };
    socketMetrics(metrics, releases.use(new SocketConnections(socket)));
  }
  const { signingSecret } = config;
  const door = { signingSecret, accept, logger };
  const publicRouter = deliveryRoutes(door);
  // Where the world has an address of its own, or everybody may know the secret of a stand-in of Slack.
  const local = config.listen !== undefined || isStandIn(config);
  const router = Router();
  router.use(
    local ? deliveryRoutes({ ...door, guard: localNames }) : publicRouter,
    managementRoutes(config, pool, ownerOnly),
  );
  const running = releases.move();
  return {
    name: "slack",
    router,
    publicRouter,
    problem: () => health.problem,
    mappings: {
      activeSessions: (after, limit) => activeSessions(pool, after, limit),
      unchecked: (limit) => uncheckedMappings(pool, limit),
      checked: (ids) => markChecked(pool, ids),
      ended: (endings) => sessionsEnded(bridge, endings),
    },
    [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
  };
}

/** What is to be worked; the version before stored it as it came in. */
function deliveryOf({ parsed, content }: Job, names: readonly string[]): Delivery | undefined {
  if (parsed) return content as Delivery;
  const accepted = parseDelivery(content, names);
  return "delivery" in accepted ? accepted.delivery : undefined;
}
