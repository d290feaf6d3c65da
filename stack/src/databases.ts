import { SettingError } from "@amp/service";
import pg from "pg";
import { startEmbeddedPostgres } from "./embedded-postgres.js";
import { openLog } from "./logs.js";
import { freePort } from "./ports.js";
import { keepRunning } from "./supervisor.js";

/** The databases of the services. */
export interface Databases extends AsyncDisposable {
  /** The URL of the database of this name; made if missing. */
  urlOf(name: string): Promise<string>;
}

/** One that is given. Each service has a schema of its own, so that it holds both. */
export function givenDatabase(url: string): Databases {
  return { urlOf: async () => url, async [Symbol.asyncDispose]() {} };
}

/** Makes sure that a given one can be used. @throws SettingError, which does not repeat the URL. */
export async function checkDatabase(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  client.on("error", () => {});
  try {
    await client.connect();
    await client.query("select");
  } catch (error) {
    throw new SettingError("DATABASE_URL", `leads to no PostgreSQL that lets us in: ${why(error)}`);
  } finally {
    await client.end().catch(() => {});
  }
}

/** Node tries every address of a host, and then has an error without a message for all of them. */
function why(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(why).join(", ");
  return error instanceof Error ? error.message : String(error);
}

/** Keeps an embedded PostgreSQL running on the folder, on the same port for as long as this lives. */
export async function ownDatabases(
  dataDir: string,
  logDir: string,
  tell: (line: string) => void,
): Promise<Databases> {
  const log = openLog(logDir, "postgres", tell);
  const port = await freePort();
  let server = "";
  const running = await keepRunning(
    async () => {
      const postgres = await startEmbeddedPostgres({ dataDir, port, onLog: log.write });
      server = postgres.url;
      const exited = new Promise<string>((resolve) => {
        postgres.process.once("exit", (code, signal) => resolve(signal ?? `exit code ${code}`));
      });
      return { exited, stop: async () => postgres[Symbol.asyncDispose]() };
    },
    (how) => tell(`postgres: gone (${how}); starting it again`),
  );
  return {
    urlOf: (name) => ensureDatabase(server, name),
    async [Symbol.asyncDispose]() {
      await running[Symbol.asyncDispose]();
      log[Symbol.dispose]();
    },
  };
}

async function ensureDatabase(server: string, name: string): Promise<string> {
  const client = new pg.Client({ connectionString: server });
  await client.connect();
  try {
    const { rowCount } = await client.query("select from pg_database where datname = $1", [name]);
    if (rowCount === 0) await client.query(`create database ${pg.escapeIdentifier(name)}`);
  } finally {
    await client.end();
  }
  const url = new URL(server);
  url.pathname = `/${name}`;
  return url.toString();
}
