import pg from "pg";
import { isUnavailable } from "./errors.js";

/** A pool or one connection of it: whatever takes a query. */
export type Queryable = Pick<pg.Pool, "query">;

/**
 * Runs `work` in one transaction: committed when it returns, rolled back when it
 * throws. A connection that is lost or does not answer is closed instead, which rolls
 * back as well, and does not make the caller wait for another answer.
 */
export async function transaction<T>(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<T>,
): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    await client.query("begin");
    const result = await work(client);
    await client.query("commit");
    return result;
  } catch (error) {
    if (error instanceof Error && isUnavailable(error) && !(error instanceof pg.DatabaseError)) {
      broken = error;
    } else {
      await client.query("rollback").catch((failure: Error) => {
        broken = failure;
      });
    }
    throw error;
  } finally {
    client.release(broken);
  }
}
