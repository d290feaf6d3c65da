import { setTimeout as delay } from "node:timers/promises";
import { runner } from "node-pg-migrate";
import pg from "pg";
import type { Logger } from "pino";
import { isLockTimeout } from "./errors.js";
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
 * How long a migration waits for a lock, in milliseconds. Short: behind a change of a
 * table that waits, everybody else who needs the table waits, too.
 */
const LOCK_TIMEOUT_MS = 2_000;
const PAUSE_MS = 500;
/** Whoever holds a lock for so long is not about to let go of it. */
const PATIENCE_MS = 600_000;

/**
 * Brings the schema up to date. Any number of replicas may start at once: they
 * wait for each other on an advisory lock. A file that fails is rolled back whole.
 * One that waits for a lock steps back after moments, and is tried again for ten
 * minutes, so that the replicas at work go on meanwhile.
 */
export async function migrate(options: MigrateOptions): Promise<void> {
  const giveUpAt = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await migrateOnce(options);
    } catch (error) {
      if (!isLockTimeout(error) || performance.now() > giveUpAt) throw error;
      options.logger.info("a migration waits for a lock; trying again");
      await delay(PAUSE_MS);
    }
  }
}

async function migrateOnce({ url, schema, dir, logger }: MigrateOptions): Promise<void> {
  const client = new pg.Client(
    connection({ url, schema, application: "amp-migrate", lockTimeout: LOCK_TIMEOUT_MS }),
  );
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
