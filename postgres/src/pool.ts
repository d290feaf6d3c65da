import pg from "pg";
import type { Logger } from "pino";

/** What a service's pool needs to know. */
export interface PoolOptions {
  /** A `postgres://` URL. */
  url: string;
  /** The schema that unqualified names mean; each service has its own, so that one database can hold both. */
  schema: string;
  /** Shown in `pg_stat_activity`. */
  application: string;
  /** Connections at most; 10 by default. */
  max?: number;
  /** Milliseconds after which a query counts as lost, and its connection with it; none by default. */
  queryTimeout?: number;
  /** Milliseconds after which a server that does not take a connection counts as unreachable; 3 s by default. */
  connectTimeout?: number;
  logger: Logger;
}

const CONNECT_TIMEOUT_MS = 3_000;

// Counts and identity columns are far below 2^53, and JSON has no bigint.
pg.types.setTypeParser(pg.types.builtins.INT8, Number);

/** Opens a pool. Connects on the first query; a lost idle connection is replaced, not fatal. */
export function openPool(options: PoolOptions): pg.Pool {
  const pool = new pg.Pool({
    ...connection(options),
    max: options.max ?? 10,
    ...(options.queryTimeout && { query_timeout: options.queryTimeout }),
    idleTimeoutMillis: 30_000,
  });
  // Without listeners, a connection that is lost ends the process: the pool
  // tells of the idle ones, and of one in use only the connection itself does.
  pool.on("error", (error) => options.logger.warn({ err: error }, "lost an idle connection"));
  pool.on("connect", (client) => {
    client.on("error", (error) => options.logger.debug({ err: error }, "lost a connection"));
  });
  return pool;
}

/** The settings of one connection into the service's own schema. */
export function connection(
  options: Pick<PoolOptions, "url" | "schema" | "application" | "connectTimeout">,
) {
  return {
    connectionString: withSearchPath(options.url, options.schema),
    application_name: options.application,
    connectionTimeoutMillis: options.connectTimeout ?? CONNECT_TIMEOUT_MS,
    keepAlive: true,
  } satisfies pg.ClientConfig;
}

/** The URL with the schema as its search path, beside whatever `options` it has. */
function withSearchPath(url: string, schema: string): string {
  const parsed = new URL(url);
  const options = parsed.searchParams.get("options");
  parsed.searchParams.set("options", `${options ? `${options} ` : ""}-c search_path=${schema}`);
  return parsed.toString();
}
