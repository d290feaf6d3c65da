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
  web: WebConfig;
  /** Undefined: no Slack. */
  slack: SlackConfig | undefined;
}

/** How to reach the backend. */
interface BackendConfig {
  /** `host:port`. */
  address: string;
  /** Sent as a bearer token. */
  token: string | undefined;
  tls: TlsFiles;
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
    databaseUrl: settings.required("DATABASE_URL", "a postgres:// URL (npm start brings its own)"),
    databasePoolSize: settings.integer("DATABASE_POOL_SIZE", 10, 2, 1_000),
    logLevel: settings.oneOf(
      "LOG_LEVEL",
      ["trace", "debug", "info", "warn", "error", "fatal", "silent"],
      "info",
    ),
    shutdownGrace: settings.duration("SHUTDOWN_GRACE", "10s"),
    backend: {
      address: settings.text("BACKEND_URL", "127.0.0.1:50051"),
      token: settings.optional("BACKEND_TOKEN"),
      tls: {
        ca: settings.optional("BACKEND_TLS_CA"),
        cert: settings.optional("BACKEND_TLS_CERT"),
        key: settings.optional("BACKEND_TLS_KEY"),
      },
    },
    web,
    slack: slackConfig(settings),
  };
}
