import { parseConfig as backendConfig, startBackend } from "@amp/backend-service";
import { openPool } from "@amp/postgres";
import { freePort, testDatabase } from "@amp/stack/testing";
import type pg from "pg";
import { type Logger, pino } from "pino";
import { type Gateway, parseConfig, startGateway } from "../src/index.js";
import { WebClient } from "./web-client.js";

/** A backend that can be stopped and started at one address. */
interface RestartableBackend {
  address: string;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** A real gateway in front of a real backend, both on a database of their own. */
export interface System extends AsyncDisposable {
  web: WebClient;
  gateway: Gateway;
  backend: RestartableBackend;
  /** The environment of both services. */
  settings: Record<string, string>;
  /** In the gateway's schema. */
  pool: pg.Pool;
  /** What the gateway logged. */
  logs: LogLine[];
  /** One more gateway; the caller disposes it. */
  anotherGateway(): Promise<Gateway>;
}

interface LogLine {
  level: number;
  msg: string;
  [field: string]: unknown;
}

/**
 * Starts one.
 * @param env settings of both services
 * @param gatewayDatabase where the gateway finds the database at the url; there by default
 */
export async function startSystem(
  env: Record<string, string> = {},
  gatewayDatabase: (url: string) => Promise<string> = async (url) => url,
): Promise<System> {
  const releases: (() => PromiseLike<void>)[] = [];
  const release = async () => {
    for (const step of releases.reverse()) await step();
  };
  try {
    const database = await testDatabase();
    releases.push(() => database[Symbol.asyncDispose]());
    const port = await freePort();
    const settings = {
      DATABASE_URL: database.url,
      BACKEND_LISTEN: `127.0.0.1:${port}`,
      BACKEND_URL: `127.0.0.1:${port}`,
      GATEWAY_LISTEN: "127.0.0.1:0",
      SHUTDOWN_GRACE: "1s",
      LOG_LEVEL: "fatal",
      ...env,
    };
    const backend = restartable(settings);
    releases.push(() => backend.stop());
    await backend.start();

    const logs: LogLine[] = [];
    const logger = recorder(logs);
    const config = parseConfig({ ...settings, DATABASE_URL: await gatewayDatabase(database.url) });
    const anotherGateway = () => startGateway(config, { logger });
    const gateway = await anotherGateway();
    releases.push(() => gateway[Symbol.asyncDispose]());
    const pool = openPool({
      url: database.url,
      schema: "amp_gateway",
      application: "test",
      logger,
    });
    releases.push(() => pool.end());
    return {
      web: new WebClient(gateway.url),
      gateway,
      backend,
      settings,
      pool,
      logs,
      anotherGateway,
      [Symbol.asyncDispose]: release,
    };
  } catch (error) {
    await release();
    throw error;
  }
}

function restartable(settings: Record<string, string>): RestartableBackend {
  let running: AsyncDisposable | undefined;
  return {
    address: settings["BACKEND_LISTEN"] ?? "",
    async start() {
      running = await startBackend(backendConfig(settings));
    },
    async stop() {
      const stopping = running;
      running = undefined;
      await stopping?.[Symbol.asyncDispose]();
    },
  };
}

function recorder(logs: LogLine[]): Logger {
  return pino(
    { level: "debug" },
    { write: (line: string) => void logs.push(JSON.parse(line) as LogLine) },
  );
}
