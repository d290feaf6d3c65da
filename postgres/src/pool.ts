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
  /**
   * Milliseconds after which a query counts as lost, and its connection with it; none by
   * default. The server gives the query up a little earlier.
   */
  queryTimeout?: number;
  /** Milliseconds after which a server that does not take a connection counts as unreachable; 3 s by default. */
  connectTimeout?: number;
  logger: Logger;
}

const CONNECT_TIMEOUT_MS = 3_000;

/**
 * What the server does about a client that is gone without a word: its host lost the power or
 * the network, or its process is stopped. Such a client holds nobody up longer than 15 s.
 *
 * In mid-transaction its session ends, and its locks with it, after 10 s. Between transactions
 * (advisory locks, LISTEN) the missing answers to keepalives end it, or to what it was sent; a
 * process that is stopped on a healthy host still answers these, and keeps its session. All of
 * this may be changed by `options` of the URL, which come later and so count.
 * https://www.postgresql.org/docs/current/runtime-config-client.html
 */
const SERVER_TIMEOUTS = {
  idle_in_transaction_session_timeout: 10_000,
  // Seconds, these three.
  tcp_keepalives_idle: 5,
  tcp_keepalives_interval: 3,
  tcp_keepalives_count: 2,
  tcp_user_timeout: 10_000,
};

/** How long a statement waits for a lock that another one holds, in milliseconds. */
const LOCK_TIMEOUT_MS = 5_000;

/** The part of the client's time after which the server gives a query up, so that its connection is kept. */
const SERVER_SHARE = 0.9;

/** From when on a silent server is asked whether it is there; it is given up some 10 s later. */
const KEEPALIVE_MS = 10_000;

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
  options: Pick<PoolOptions, "url" | "schema" | "application" | "connectTimeout"> & {
    queryTimeout?: number;
    lockTimeout?: number;
  },
) {
  const { queryTimeout, lockTimeout = LOCK_TIMEOUT_MS } = options;
  return {
    connectionString: withOptions(
      options.url,
      {
        ...SERVER_TIMEOUTS,
        lock_timeout: lockTimeout,
        ...(queryTimeout && { statement_timeout: Math.ceil(queryTimeout * SERVER_SHARE) }),
      },
      options.schema,
    ),
    application_name: options.application,
    connectionTimeoutMillis: options.connectTimeout ?? CONNECT_TIMEOUT_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEPALIVE_MS,
  } satisfies pg.ClientConfig;
}

/** The URL with these defaults before whatever `options` it has, and the schema as its search path. */
function withOptions(url: string, defaults: Record<string, number>, schema: string): string {
  const parsed = new URL(url);
  const given = parsed.searchParams.get("options");
  const options = [
    ...Object.entries(defaults).map(([name, value]) => `-c ${name}=${value}`),
    ...(given ? [given] : []),
    `-c search_path=${schema}`,
  ];
  parsed.searchParams.set("options", options.join(" "));
  return parsed.toString();
}
