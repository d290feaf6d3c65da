import { runner } from "node-pg-migrate";
import pg from "pg";
import type { Logger } from "pino";
import { connection } from "./pool.js";

/** What to migrate. */
export interface MigrateOptions {
  /** A `postgres://` URL; a direct connection, not a transaction pooler (the lock is the session's). */
  url: string;
  /** The service's schema; made if missing. */
  schema: string;
  /** The folder of numbered `.sql` files. */
  dir: string;
  logger: Logger;
}

/**
 * Brings the schema up to date. Any number of replicas may start at once: they
 * wait for each other on an advisory lock. A file that fails is rolled back whole.
 */
export async function migrate({ url, schema, dir, logger }: MigrateOptions): Promise<void> {
  const client = new pg.Client(connection({ url, schema, application: "amp-migrate" }));
  // Without a listener, a connection that is lost between two queries ends the process.
  client.on("error", (error) => logger.debug({ err: error }, "lost the migrating connection"));
  await client.connect();
  try {
    await runUp(client, { schema, dir, logger });
  } finally {
    await client.end().catch(() => {});
  }
}

async function runUp(
  client: pg.Client,
  { schema, dir, logger }: Omit<MigrateOptions, "url">,
): Promise<void> {
  await runner({
    dbClient: client,
    dir,
    direction: "up",
    schema,
    createSchema: true,
    migrationsSchema: schema,
    createMigrationsSchema: true,
    migrationsTable: "migrations",
    advisoryLockMode: "wait",
    logger: {
      debug: (text) => logger.debug(text),
      info: (text) => logger.debug(text),
      warn: (text) => logger.warn(text),
      error: (text) => logger.error(text),
    },
  });
}
