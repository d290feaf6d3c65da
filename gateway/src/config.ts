import {
  type Environment,
  isLoopback,
  type ListenAddress,
  SettingError,
  Settings,
} from "@amp/service";
import type { TlsFiles } from "./backend/index.js";
import { type SlackConfig, slackConfig } from "./slack/config.js";
import { type WebConfig, webConfig } from "./web/config.js";

/** Everything that the gateway reads from its environment. */
export interface Config {
  listen: ListenAddress;
  databaseUrl: string;
  /** Connections for requests and work; some more are for notifications and for the signs of life. */
  databasePoolSize: number;
  logLevel: string;
  /** Milliseconds that requests and turns in work may take at shutdown. */
  shutdownGrace: number;
  backend: BackendConfig;
  /** Names with a dot under which probes and Prometheus may come. */
  monitorHosts: string[];
  web: WebConfig;
  /** Undefined: no Slack. */
  slack: SlackConfig | undefined;
}

/** How to reach the backend. */
interface BackendConfig {
  /** `host:port`, or another target that gRPC knows. */
  address: string;
  /** Sent as a bearer token. */
  token: string | undefined;
  tls: TlsFiles;
  /** Milliseconds of silence after which a connection with open calls is pinged. */
  keepalive: number;
}

/** Reads the settings. @throws SettingError that names the variable. */
export function parseConfig(env: Environment): Config {
  const settings = new Settings(env);
  const listen = settings.listen("GATEWAY_LISTEN", "127.0.0.1:3000");
  // Out of a container, only the address under which its port is published can be reached.
  const published = settings.optional("GATEWAY_PUBLISHED_AS");
  const reached = published ? settings.listen("GATEWAY_PUBLISHED_AS", published) : listen;
  const web = webConfig(settings);
  if (web.auth === "local" && !isLoopback(reached)) {
    throw new SettingError(
      published ? "GATEWAY_PUBLISHED_AS" : "GATEWAY_LISTEN",
      `is ${reached.host}, which others can reach, while WEB_AUTH=local lets everybody in who can: listen on 127.0.0.1`,
    );
  }
  return {
    listen,
    databaseUrl: settings.postgresUrl(
      "DATABASE_URL",
      "a postgres:// URL (npm start brings its own)",
    ),
    databasePoolSize: settings.integer("DATABASE_POOL_SIZE", 10, 2, 1_000),
    logLevel: settings.oneOf(
      "LOG_LEVEL",
      ["trace", "debug", "info", "warn", "error", "fatal", "silent"],
      "info",
    ),
    shutdownGrace: settings.duration("SHUTDOWN_GRACE", "10s"),
    backend: backendConfig(settings),
    monitorHosts: hostNames(settings, "GATEWAY_MONITOR_HOSTS"),
    web,
    slack: slackConfig(settings),
  };
}

function backendConfig(settings: Settings): BackendConfig {
  const tls = {
    ca: settings.optional("BACKEND_TLS_CA"),
    cert: settings.optional("BACKEND_TLS_CERT"),
    key: settings.optional("BACKEND_TLS_KEY"),
  };
  if (tls.key && !tls.cert) throw new SettingError("BACKEND_TLS_CERT", "is needed for the key");
  if (tls.cert && !tls.key) {
    throw new SettingError("BACKEND_TLS_KEY", "is needed for the certificate");
  }
  const keepalive = settings.duration("BACKEND_KEEPALIVE", "10s");
  if (keepalive < 1_000 || keepalive > LONGEST_TIMER) {
    throw new SettingError("BACKEND_KEEPALIVE", "must be from 1s to 24d");
  }
  return {
    address: grpcTarget(settings, "BACKEND_URL", "127.0.0.1:50051"),
    token: settings.secret("BACKEND_TOKEN"),
    tls,
    keepalive,
  };
}

/** A timer of Node.js can wait no longer than some 24 days. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** `host:port`, or a list of addresses: https://grpc.github.io/grpc/core/md_doc_naming.html */
const TARGET =
  /^(dns:(\/\/[^/]*\/)?)?([\w.-]+|\[[\da-f:.]+\]):\d{1,5}$|^ipv4:[\d.:,]+$|^ipv6:[\da-f:.,[\]]+$|^unix:.+$/i;

function grpcTarget(settings: Settings, variable: string, fallback: string): string {
  const text = settings.text(variable, fallback);
  const port = Number(/:(\d+)$/.exec(text)?.[1] ?? 1);
  if (TARGET.test(text) && port > 0 && port < 65_536) return text;
  // The message does not repeat it: somebody may have written a password there.
  throw new SettingError(variable, "must be host:port, such as 127.0.0.1:50051, and no URL");
}

function hostNames(settings: Settings, variable: string): string[] {
  const names = settings.list(variable).map((name) => name.toLowerCase());
  const wrong = names.find((name) => !/^[\w.-]{1,253}$/.test(name));
  if (wrong !== undefined) {
    throw new SettingError(variable, "must be host names without a port, between commas");
  }
  return names;
}
