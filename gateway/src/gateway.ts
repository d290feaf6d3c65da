import { fileURLToPath } from "node:url";
import { errorSerializer, migrate, openPool } from "@amp/postgres";
import { Releases } from "@amp/service";
import express, { type Express, type Router } from "express";
import { type Logger, pino } from "pino";
import { Counter, collectDefaultMetrics, Registry } from "prom-client";
import { backendCredentials, type OnCall, openBackend } from "./backend/index.js";
import type { Config } from "./config.js";
import { reconcileEndings } from "./endings/index.js";
import { healthRoutes } from "./health.js";
import { listenHttp } from "./http.js";
import { answerFailures, notFound, oneHost } from "./http-guards.js";
import { startSlack } from "./slack/index.js";
import type { Surface, SurfaceContext } from "./surface.js";
import { noteRefusals, Troubles } from "./troubles.js";
import { localGuard } from "./web/guard.js";
import { startWeb } from "./web/index.js";

/** Parts that a test may bring itself. */
export interface GatewayOverrides {
  logger?: Logger;
}

/** A running gateway. Disposing it takes no more requests, lets those in work finish, and lets go of everything. */
export interface Gateway extends AsyncDisposable {
  /** Where it listens: `http://host:port`. */
  url: string;
}

/** The gateway's schema in its database. */
const SCHEMA = "amp_gateway";
/** Connections at once where everybody can connect. Slack itself needs a few. */
const MAX_STRANGERS = 256;
/** Every query is short; one that takes longer meets a connection that nobody answers on. */
const QUERY_TIMEOUT_MS = 10_000;

/**
 * Starts the gateway; it takes requests when this resolves. When it fails half
 * way, everything begun is released.
 */
export async function startGateway(
  config: Config,
  overrides: GatewayOverrides = {},
): Promise<Gateway> {
  const serializers = { err: errorSerializer };
  const logger = overrides.logger ?? pino({ name: "gateway", level: config.logLevel, serializers });
  await using releases = new Releases();
  const credentials = await backendCredentials(config.backend.tls);

  const dir = fileURLToPath(new URL("../migrations", import.meta.url));
  await migrate({ url: config.databaseUrl, schema: SCHEMA, dir, logger });
  const database = {
    url: config.databaseUrl,
    schema: SCHEMA,
    application: "amp-gateway",
    queryTimeout: QUERY_TIMEOUT_MS,
    logger,
  };
  const pool = openPool({ ...database, max: config.databasePoolSize });
  releases.defer(() => pool.end());

  const metrics = new Registry();
  collectDefaultMetrics({ register: metrics });
  const troubles = new Troubles(logger);
  const [count, note] = [countCalls(metrics), noteRefusals(troubles)];
  const { address, token, keepalive } = config.backend;
  const backend = openBackend(address, {
    token,
    credentials,
    channel: { "grpc.keepalive_time_ms": keepalive },
    onCall(method, kind, error) {
      count(method, kind);
      note(kind, error);
    },
  });
  releases.defer(() => backend.close());

  const closing = new AbortController();
  const context: SurfaceContext = {
    backend,
    pool,
    database,
    logger,
    metrics,
    troubles,
    closing: closing.signal,
    ownerOnly: localGuard,
  };

  const surfaces: Surface[] = [];
  if (config.slack) surfaces.push(releases.use(await startSlack(config.slack, context)));
  surfaces.push(releases.use(await startWeb(config.web, context)));
  releases.use(reconcileEndings(context, surfaces));

  const { listen, shutdownGrace: grace } = config;
  if (config.slack?.listen) {
    const outside = httpApp(
      surfaces.flatMap(({ publicRouter }) => publicRouter ?? []),
      logger,
    );
    const options = { setting: "SLACK_LISTEN", grace, maxConnections: MAX_STRANGERS };
    releases.use(await listenHttp(outside, config.slack.listen, options));
  }
  const problems = () => {
    const all = troubles.all();
    for (const { name, problem } of surfaces) {
      const text = problem?.();
      if (text !== undefined) all[name] = text;
    }
    return all;
  };
  const health = healthRoutes({ pool, metrics, problems, hosts: config.monitorHosts });
  const app = httpApp([health, ...surfaces.map(({ router }) => router)], logger);
  const server = releases.use(await listenHttp(app, listen, { setting: "GATEWAY_LISTEN", grace }));
  releases.defer(() => closing.abort());
  logger.info({ url: server.url, slack: config.slack !== undefined }, "gateway ready");
  const running = releases.move();
  return { url: server.url, [Symbol.asyncDispose]: () => running[Symbol.asyncDispose]() };
}

/** What every address has: the routes, and an answer to whatever they do not answer. */
function httpApp(routers: Router[], logger: Logger): Express {
  const app = express().disable("x-powered-by");
  app.use(oneHost, ...routers, notFound, answerFailures(logger));
  return app;
}

function countCalls(metrics: Registry): OnCall {
  const counter = new Counter({
    name: "amp_backend_calls_total",
    help: "Tries of calls to the backend, by what became of them",
    labelNames: ["method", "kind"],
    registers: [metrics],
  });
  return (method, kind) => counter.inc({ method, kind });
}
