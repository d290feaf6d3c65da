import { isIPv6 } from "node:net";
import { getHeapStatistics } from "node:v8";
import {
  type Environment,
  isLoopback,
  type ListenAddress,
  SettingError,
  Settings,
} from "@amp/service";
import { type OpenAiConfig, openAiConfig } from "./agents/openai/config.js";
import type { CallerToken } from "./rpc/auth.js";

/** Files for TLS. */
export interface TlsFiles {
  cert: string;
  key: string;
  /** Asks callers for a certificate by this authority. */
  clientCa: string | undefined;
  /** The authority of the other replicas' certificates; undefined: the system's. */
  ca: string | undefined;
}

/** Everything that a backend can be told. Times are milliseconds. */
export interface BackendConfig {
  databaseUrl: string;
  /** Connections for calls and turns; three more are for the lease and for notifications. */
  databasePoolSize: number;
  logLevel: "fatal" | "error" | "warn" | "info" | "debug" | "trace" | "silent";
  shutdownGrace: number;
  listen: ListenAddress;
  /** Where other replicas reach this one; undefined: the address that it listens on. */
  advertise: string | undefined;
  /** Accepted bearer tokens; empty: none is asked for. */
  tokens: CallerToken[];
  tls: TlsFiles | undefined;
  defaultAgent: string | undefined;
  openAi: OpenAiConfig | undefined;
  /** Folders that sessions may work in; the first is the default. */
  workspaceRoots: string[];
  turnTimeout: number;
  /** How long an agent may say nothing, unless it waits for people or uses a tool. */
  turnSilenceTimeout: number;
  /** Turns at work on one replica. */
  maxRunningTurns: number;
  /** How long nobody may talk to a session before it expires. */
  sessionIdleTtl: number;
  /** How long an ended session can be read. */
  sessionRetention: number;
  /** Turns that may be queued or running in one session. */
  turnQueueLimit: number;
}

const LOG_LEVELS = ["fatal", "error", "warn", "info", "debug", "trace", "silent"] as const;

/** A question is kept for three days in Slack's inbox: its turn must end well before. */
const LONGEST_TURN = 2 * 86_400_000;

/** What a turn at work takes of the heap, more or less: its answer so far and its history. */
const BYTES_A_TURN = 400_000;
const LEAST_RUNNING_TURNS = 5_000;

/** Reads the settings. @throws SettingError, which names the variable. */
export function parseConfig(env: Environment): BackendConfig {
  const settings = new Settings(env);
  const config: BackendConfig = {
    databaseUrl: settings.postgresUrl("DATABASE_URL", "it says where PostgreSQL is"),
    databasePoolSize: settings.integer("DATABASE_POOL_SIZE", 10, 2, 1_000),
    logLevel: settings.oneOf("LOG_LEVEL", LOG_LEVELS, "info"),
    shutdownGrace: settings.duration("SHUTDOWN_GRACE", "10s"),
    listen: settings.listen("BACKEND_LISTEN", "127.0.0.1:50051"),
    advertise: advertised(settings),
    tokens: callerTokens(settings),
    tls: tlsFiles(settings),
    defaultAgent: settings.optional("DEFAULT_AGENT"),
    openAi: openAiConfig(env),
    workspaceRoots: settings.list("WORKSPACE_ROOTS"),
    turnTimeout: settings.duration("TURN_TIMEOUT", "30m"),
    turnSilenceTimeout: settings.duration("TURN_SILENCE_TIMEOUT", "10m"),
    maxRunningTurns: settings.integer("MAX_RUNNING_TURNS", runningTurns(), 1),
    sessionIdleTtl: settings.duration("SESSION_IDLE_TTL", "30d"),
    sessionRetention: settings.duration("SESSION_RETENTION", "90d"),
    turnQueueLimit: settings.integer("TURN_QUEUE_LIMIT", 32, 1, 10_000),
  };
  for (const [variable, time] of [
    ["TURN_TIMEOUT", config.turnTimeout],
    ["TURN_SILENCE_TIMEOUT", config.turnSilenceTimeout],
  ] as const) {
    if (time < 1 || time > LONGEST_TURN) throw new SettingError(variable, "must be from 1ms to 2d");
  }
  if (config.sessionIdleTtl < 1_000) throw new SettingError("SESSION_IDLE_TTL", "is below 1s");
  if (config.sessionRetention < 1_000) throw new SettingError("SESSION_RETENTION", "is below 1s");
  if (config.workspaceRoots.length === 0) config.workspaceRoots = [process.cwd()];
  if (!isLoopback(config.listen) && config.tokens.length === 0 && !config.tls?.clientCa) {
    throw new SettingError(
      "BACKEND_LISTEN",
      "is not a loopback address: set BACKEND_TOKENS or BACKEND_TLS_CLIENT_CA, " +
        "so that not everybody can command the agents",
    );
  }
  if (!config.advertise && isWildcard(config.listen)) {
    throw new SettingError(
      "BACKEND_ADVERTISE",
      "is not set: BACKEND_LISTEN is every address of this machine, and other replicas need one",
    );
  }
  return config;
}

/** How many turns may be at work, by the memory that this process may take. */
function runningTurns(): number {
  const byMemory = Math.floor(getHeapStatistics().heap_size_limit / BYTES_A_TURN);
  return Math.max(LEAST_RUNNING_TURNS, byMemory);
}

function advertised(settings: Settings): string | undefined {
  const text = settings.optional("BACKEND_ADVERTISE");
  if (text === undefined) return undefined;
  const address = settings.listen("BACKEND_ADVERTISE", text);
  if (isWildcard(address) || address.port === 0) {
    throw new SettingError("BACKEND_ADVERTISE", `is ${text}, which nobody can connect to`);
  }
  return text;
}

/** Whether it means all addresses of the machine, in whichever spelling. */
function isWildcard({ host }: ListenAddress): boolean {
  if (isIPv6(host)) return new URL(`http://[${host}]`).hostname === "[::]";
  return /^(0x)?0+(\.0+){0,3}$|^\*$/.test(host);
}

/**
 * Bearer tokens between commas, each `name:token`; one without a name belongs
 * to `token-1`, `token-2` and so on, by its place. Messages do not repeat a token.
 */
function callerTokens(settings: Settings): CallerToken[] {
  const variable = "BACKEND_TOKENS";
  const tokens = settings.list(variable).map((entry, index) => {
    const place = `entry ${index + 1}`;
    const colon = entry.indexOf(":");
    const caller = colon < 0 ? `token-${index + 1}` : entry.slice(0, colon).trim();
    const token = entry.slice(colon + 1).trim();
    if (!/^[\w.-]{1,100}$/.test(caller)) {
      const problem = "must be name:token, with a name of letters, digits, dots and hyphens";
      throw new SettingError(variable, `${place} ${problem}`);
    }
    if (!/^[!-~]{1,4096}$/.test(token)) {
      const problem = "must have a token of 1 to 4096 printable ASCII characters without blanks";
      throw new SettingError(variable, `${place} ${problem}`);
    }
    return { caller, token };
  });
  const callers = new Map<string, string>();
  for (const { caller, token } of tokens) {
    const other = callers.get(token);
    if (other !== undefined && other !== caller) {
      throw new SettingError(variable, `gives ${other} and ${caller} the same token`);
    }
    callers.set(token, caller);
  }
  return tokens;
}

function tlsFiles(settings: Settings): TlsFiles | undefined {
  const cert = settings.optional("BACKEND_TLS_CERT");
  const key = settings.optional("BACKEND_TLS_KEY");
  const clientCa = settings.optional("BACKEND_TLS_CLIENT_CA");
  if (!cert && !key && !clientCa) return undefined;
  if (!cert) throw new SettingError("BACKEND_TLS_CERT", "is needed for TLS");
  if (!key) throw new SettingError("BACKEND_TLS_KEY", "is needed for TLS");
  return { cert, key, clientCa, ca: settings.optional("BACKEND_TLS_CA") ?? clientCa };
}
