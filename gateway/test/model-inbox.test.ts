import fc from "fast-check";
import pg from "pg";
import { expect, test } from "vitest";
import type { Job } from "../src/slack/inbox/job.js";
import { enqueue } from "../src/slack/inbox/store.js";
import { InboxWorker } from "../src/slack/inbox/worker.js";
import { gatewayDatabase } from "./gateway-database.js";

/** What can happen to an inbox; workers are three, each may be there or not. */
const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant("put" as const),
      lane: fc.constantFrom("a", "b", "c"),
      /** Slack delivers some twice. */
      twice: fc.boolean(),
      /** How often its work fails before it is done. */
      failures: fc.constantFrom(0, 0, 0, 1, 2),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constantFrom("start", "stop"), worker: fc.nat(2) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("cut" as const) }) },
);

test("every delivery is worked to its end, in the order of its lane, whatever happens", async () => {
  await using database = await gatewayDatabase();
  const { options } = database;

  const scenario = fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
    const { pool } = database;
    await pool.query("truncate slack_inbox, slack_lanes cascade");
    const put: Record<string, number[]> = { a: [], b: [], c: [] };
    const failures = new Map<number, number>();
    const done: Record<string, number[]> = { a: [], b: [], c: [] };
    const busy = new Set<string>();
    let overlaps = 0;
    const work = async ({ lane, content, signal }: Job) => {
      const message = Number(content);
      // Only noted: what is thrown here is a failed attempt and no failed test.
      if (busy.has(lane)) overlaps += 1;
      busy.add(lane);
      await new Promise((resolve) => setImmediate(resolve));
      busy.delete(lane);
      signal.throwIfAborted();
      const left = failures.get(message) ?? 0;
      failures.set(message, left - 1);
      if (left > 0) throw new Error("not yet");
      // A repeat after a crash is the same delivery: its reply is decided once, by its id.
      if (!done[lane]?.includes(message)) done[lane]?.push(message);
    };
    const start = () =>
      InboxWorker.start({
        pool,
        database: options,
        logger: options.logger,
        handler: { work, giveUp: () => Promise.reject(new Error("nothing is given up here")) },
        firstPause: 5,
      });
    const workers: (InboxWorker | undefined)[] = [undefined, undefined, undefined];
    const stop = async (at: number) => {
      await workers[at]?.[Symbol.asyncDispose]();
      workers[at] = undefined;
    };
    for (const [message, each] of steps.entries()) {
      if (each.do === "put") {
        put[each.lane]?.push(message);
        failures.set(message, each.failures);
        const row = { lane: each.lane, dedupeKey: `${message}`, content: message };
        const deliver = () => persist(() => enqueue(pool, { ...row, kind: "delivery" }));
        await Promise.all(each.twice ? [deliver(), deliver()] : [deliver()]);
      } else if (each.do === "start") workers[each.worker] ??= await persist(start);
      else if (each.do === "stop") await stop(each.worker);
      else await cutConnections(options.url);
    }
    workers[0] ??= await persist(start);
    await expect.poll(() => waiting(pool), { timeout: 60_000, interval: 20 }).toBe(0);
    for (const at of workers.keys()) await stop(at);
    expect(done).toEqual(put);
    expect(overlaps).toBe(0);
  });
  await fc.assert(scenario, { numRuns: 20, interruptAfterTimeLimit: 90_000 });
}, 180_000);

/** Repeats what a cut connection broke, as Slack and a supervisor do. */
async function persist<T>(what: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await what();
    } catch (error) {
      if (attempt === 20) throw error;
    }
  }
}

async function waiting(pool: pg.Pool): Promise<number> {
  const sql = "select count(*) as waiting from slack_inbox where status = 'waiting'";
  return pool.query<{ waiting: number }>(sql).then(
    ({ rows }) => rows[0]?.waiting ?? 0,
    () => -1,
  );
}

/** Cuts every connection, as a restart of PostgreSQL does. */
async function cutConnections(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()",
  );
  await client.end();
}
