import { fileURLToPath } from "node:url";
import { migrate, openPool, type PoolOptions } from "@amp/postgres";
import { testDatabase } from "@amp/stack/testing";
import type pg from "pg";
import { pino } from "pino";

/** The gateway's tables, without a gateway. */
export interface GatewayDatabase extends AsyncDisposable {
  pool: pg.Pool;
  options: PoolOptions;
}

/** Makes a migrated database of one test's own. */
export async function gatewayDatabase(): Promise<GatewayDatabase> {
  const database = await testDatabase();
  const logger = pino({ level: "silent" });
  const options = { url: database.url, schema: "amp_gateway", application: "test", logger };
  await migrate({ ...options, dir: fileURLToPath(new URL("../migrations", import.meta.url)) });
  const pool = openPool(options);
  return {
    pool,
    options,
    async [Symbol.asyncDispose]() {
      await pool.end();
      await database[Symbol.asyncDispose]();
    },
  };
}
