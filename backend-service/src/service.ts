import { realpath } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { errorSerializer, listen, migrate, openPool } from "@amp/postgres";
import { Releases, SettingError } from "@amp/service";
import type { Server } from "@grpc/grpc-js";
import { type Logger, pino } from "pino";
import type { Agent } from "./agents/agent.js";
import { demoAgent } from "./agents/demo/index.js";
import { openAiAgent } from "./agents/openai/index.js";
import { agentRegistry } from "./agents/registry.js";
import type { BackendConfig } from "./config.js";
import { bind, formatAddress, newServer, peerCredentials } from "./listener.js";
import { CallerTokens } from "./rpc/auth.js";
import { guardedService } from "./rpc/door.js";
import { sessionService } from "./rpc/index.js";
import { Peers } from "./rpc/peers.js";
import { ENDINGS_TIMES, EndingsFeed, type EndingsTimes } from "./sessions/endings-feed.js";
import { Engine } from "./sessions/engine.js";
import { expire, purge } from "./sessions/expiry.js";
import { LEASE_TIMES, Lease, type LeaseTimes } from "./sessions/lease.js";
import { type Sweeping, sweeper } from "./sessions/sweeper.js";
import { SESSION_ENDED_CHANNEL } from "./store/endings.js";

/** What tests replace. */
export interface BackendOverrides {
  /** Instead of the built-in ones; the first is the default. */
  agents?: Agent[];
  leaseTimes?: LeaseTimes;
  /** How long an agent has to stop when told to, in milliseconds. */
  stopGrace?: number;
  /** Bytes of histories that agents may hold at once. */
  historyMemory?: number;
  endingsTimes?: EndingsTimes;
  /** Between two looks for sessions to expire or purge, in milliseconds. */
  expiryInterval?: number;
  /** How long a caller may take to send its request, in milliseconds. */
  receiveTimeout?: number;
  logger?: Logger;
}

/** A running backend. Disposing it drains it: running turns get `shutdownGrace` to end. */
export interface Backend extends AsyncDisposable {
  /** `host:port`. */
  address: string;
}

const SCHEMA = "amp_backend";
const MIGRATIONS = fileURLToPath(new URL("../migrations", import.meta.url));
/** Every query is short; one that takes longer meets a database that hangs. */
const QUERY_TIMEOUT_MS = 4_000;
/** The least that a heartbeat may take, however often it beats: a busy machine is no lost connection. */
const BEAT_TIMEOUT_MS = 1_000;
const SWEEP_MS = 1_000;
/** How much longer than a lease a call looks for the owner of its session. */
const TAKEOVER_MS = 2_000;
const EXPIRY_MS = 10_000;
const STOP_GRACE_MS = 2_000;
/** A request of 4 MB takes so long at 1.1 Mbit/s. */
const RECEIVE_TIMEOUT_MS = 30_000;
/** How long the last answers have to reach their callers. */
const GOODBYE_MS = 500;

/** Migrates the database, takes a lease, and serves. Releases everything if any of that fails. */
export async function startBackend(
  config: BackendConfig,
  overrides: BackendOverrides = {},
): Promise<Backend> {
  const logger =
    overrides.logger ??
    pino({
      name: "backend",
      level: config.logLevel,
      serializers: { err: errorSerializer },
    });
  const registry = agentRegistry(overrides.agents ?? builtInAgents(config), config.defaultAgent);
  const workspaceRoots = await Promise.all(config.workspaceRoots.map(resolveRoot));
  const asReplica = await peerCredentials(config);
  await migrate({ url: config.databaseUrl, schema: SCHEMA, dir: MIGRATIONS, logger });

  await using releases = new Releases();
  const database = {
    url: config.databaseUrl,
    schema: SCHEMA,
    queryTimeout: QUERY_TIMEOUT_MS,
    logger,
  };
  const pool = openPool({ ...database, application: "amp-backend", max: config.databasePoolSize });
  releases.defer(() => pool.end());
  const leaseTimes = overrides.leaseTimes ?? LEASE_TIMES;
  const beatTimeout = Math.max(leaseTimes.heartbeatMs, BEAT_TIMEOUT_MS);
  // Heartbeats must not wait behind calls, nor so long for one dead connection that no time is left for another.
  const leasePool = openPool({
    ...database,
    application: "amp-backend-lease",
    max: 2,
    queryTimeout: beatTimeout,
    connectTimeout: beatTimeout,
  });
  releases.defer(() => leasePool.end());

  // Released after the lease: a pass that hangs must not keep sessions from their next owner.
  const sweepers = releases.use(new Releases());

  const { server, health } = await newServer({
    tokens: new CallerTokens(config.tokens),
    receiveTimeoutMs: overrides.receiveTimeout ?? RECEIVE_TIMEOUT_MS,
    logger,
  });
  releases.defer(() => close(server));
  const draining = new AbortController();
  let address = formatAddress(config.listen);
  // Made below; a lease that is lost before that has no work to stop.
  let engine: Engine | undefined;
  const lease = await Lease.take({
    db: leasePool,
    address: () => config.advertise ?? address,
    times: leaseTimes,
    logger,
    onHeartbeat: (ok) => health.set(ok && !draining.signal.aborted),
    onLost: () => engine?.abandon("lease_lost"),
  });
  releases.use(lease);
  const peers = new Peers(pool, asReplica);
  releases.defer(() => peers[Symbol.dispose]());
  engine = new Engine({
    pool,
    lease,
    agents: registry.agents,
    workspaceRoots,
    queueLimit: config.turnQueueLimit,
    maxRunningTurns: config.maxRunningTurns,
    historyMemory: overrides.historyMemory,
    turnTimeoutMs: config.turnTimeout,
    silenceMs: config.turnSilenceTimeout,
    stopGraceMs: overrides.stopGrace ?? STOP_GRACE_MS,
    logger,
  });
  const endings = new EndingsFeed(pool, overrides.endingsTimes ?? ENDINGS_TIMES);
  // Before it listens: a call that came too early would be told that there is no such method.
  server.addService(
    guardedService,
    sessionService({
      pool,
      engine,
      endings,
      peers,
      patienceMs: leaseTimes.leaseMs + TAKEOVER_MS,
      registry,
      workspaceRoots,
      draining: draining.signal,
      logger,
    }),
  );
  address = await bind(server, config);
  // It serves: from here on a database that goes away ends nothing.
  await lease.renew().catch((error: unknown) => {
    logger.warn({ err: error }, "cannot tell the others the address yet; the next heartbeat will");
  });
  const retention = { idleMs: config.sessionIdleTtl, endedMs: config.sessionRetention };
  const sweeps: Pick<Sweeping, "sweep" | "intervalMs">[] = [
    { sweep: (signal) => engine.sweep(signal), intervalMs: SWEEP_MS },
    { sweep: () => peers.sweep(), intervalMs: SWEEP_MS },
    {
      sweep: (signal) => expire(pool, retention, signal),
      intervalMs: overrides.expiryInterval ?? EXPIRY_MS,
    },
    {
      sweep: (signal) => purge(pool, retention, signal),
      intervalMs: overrides.expiryInterval ?? EXPIRY_MS,
    },
  ];
  const until = draining.signal;
  for (const each of sweeps) sweepers.use(sweeper({ ...each, until, logger }));
  const heardEnd = (sessionId: string) => {
    endings.wake();
    engine.heardEnd(sessionId).catch((error: unknown) => {
      logger.warn({ err: error, sessionId }, "cannot look at an end yet; the sweep will");
    });
  };
  const listening = { ...database, application: "amp-backend-listen" };
  await releases.use(
    listen(listening, [SESSION_ENDED_CHANNEL], (_, id) => heardEnd(id), endings.wake),
  ).ready;
  releases.defer(() => engine.drain(config.shutdownGrace));
  releases.defer(() => {
    draining.abort();
    health.set(false);
    peers.stop();
  });
  health.set(true);
  logger.info({ address, agents: [...registry.agents.keys()] }, "backend ready");

  const started = releases.move();
  return { address, [Symbol.asyncDispose]: () => started[Symbol.asyncDispose]() };
}

function builtInAgents({ openAi }: BackendConfig): Agent[] {
  return openAi ? [openAiAgent(openAi), demoAgent()] : [demoAgent()];
}

function resolveRoot(root: string): Promise<string> {
  return realpath(root).catch((cause: Error) => {
    throw new SettingError("WORKSPACE_ROOTS", `names a folder that is not there: ${cause.message}`);
  });
}

/** Answers already given are sent; whoever still holds a connection after that is cut off. */
async function close(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
  await Promise.race([closed, delay(GOODBYE_MS)]);
  server.forceShutdown();
  await closed;
}
