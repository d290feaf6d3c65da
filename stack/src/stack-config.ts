import path from "node:path";
import { fileURLToPath } from "node:url";
import { type Environment, type ListenAddress, Settings, unknownVariables } from "@amp/service";

/** What `npm start` itself reads; the services read the rest of the environment. */
export interface StackConfig {
  /** Where the database and the logs are kept. */
  dataDir: string;
  /** Whether somebody asked for that folder by name. */
  dataDirIsChosen: boolean;
  /** A PostgreSQL to use; undefined: bring one. */
  databaseUrl: string | undefined;
  backendListen: ListenAddress;
  gatewayListen: ListenAddress;
  /** Milliseconds from asking a service to stop to killing it. */
  grace: number;
  /** Whether to bring a local Slack. */
  slackDemo: boolean;
  /** Passed on to the services. */
  env: Environment;
}

/** The clone that this runs from. */
const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** A service that keeps to its own grace is never killed. */
const GRACE_MARGIN_MS = 2_000;

/** Reads the settings. @throws SettingError that names the variable. */
export function parseConfig(env: Environment, argv: readonly string[]): StackConfig {
  const settings = new Settings(env);
  const chosen = settings.optional("AMP_DATA_DIR");
  return {
    dataDir: chosen === undefined ? path.join(ROOT, ".data") : path.resolve(chosen),
    dataDirIsChosen: chosen !== undefined,
    databaseUrl: settings.optional("DATABASE_URL"),
    backendListen: settings.listen("BACKEND_LISTEN", "127.0.0.1:50051"),
    gatewayListen: settings.listen("GATEWAY_LISTEN", "127.0.0.1:3000"),
    grace: settings.duration("SHUTDOWN_GRACE", "10s") + GRACE_MARGIN_MS,
    slackDemo: argv.includes("--slack-demo"),
    env: withoutUnknown(env),
  };
}

/** Without what looks like a setting and is none: it was told once, and need not be by each service. */
function withoutUnknown(env: Environment): Environment {
  const unknown = new Set(unknownVariables(env).map(({ name }) => name));
  return Object.fromEntries(Object.entries(env).filter(([name]) => !unknown.has(name)));
}
