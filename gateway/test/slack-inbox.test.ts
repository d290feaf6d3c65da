import { setTimeout as delay } from "node:timers/promises";
import type pg from "pg";
import { pino } from "pino";
import { expect, test, vi } from "vitest";
import { type Handler, type Job, Postponed } from "../src/slack/inbox/job.js";
import { enqueue } from "../src/slack/inbox/store.js";
import { InboxWorker } from "../src/slack/inbox/worker.js";
import { gatewayDatabase } from "./gateway-database.js";

const logger = pino({ level: "silent" });

interface Inbox extends AsyncDisposable {
  pool: pg.Pool;
  put(lane: string, text: string, key?: string): Promise<void>;
  /** Starts a worker; the inbox disposes it. */
  worker(work: Handler["work"], options?: object): Promise<InboxWorker>;
  stop(worker: InboxWorker): Promise<void>;
  statuses(): Promise<string[]>;
}

async function inbox(): Promise<Inbox> {
  const database = await gatewayDatabase();
  const { pool, options } = database;
  const workers = new Set<InboxWorker>();
  let keys = 0;
  return {
    pool,
    async put(lane, text, dedupeKey = `key-${keys}`) {
      keys += 1;
      await enqueue(pool, { lane, dedupeKey, kind: "delivery", content: text });
    },
    async worker(work, more = {}) {
      const handler = { work, giveUp: async () => {} };
      const worker = await InboxWorker.start({
        pool,
        database: options,
        logger,
        handler,
        firstPause: 50,
        ...more,
      });
      workers.add(worker);
      return worker;
    },
    async stop(worker) {
      workers.delete(worker);
      await worker[Symbol.asyncDispose]();
    },
    async statuses() {
      const { rows } = await pool.query<{ status: string }>(
        "select status from slack_inbox order by id",
      );
      return rows.map(({ status }) => status);
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...workers].map((worker) => worker[Symbol.asyncDispose]()));
      await database[Symbol.asyncDispose]();
    },
  };
}

/** What was worked, by lane, and whether two of one lane ever were at the same time. */
function record() {
  const done: Record<string, unknown[]> = {};
  const busy = new Set<string>();
  let overlaps = 0;
  const work = async (job: Job) => {
    if (busy.has(job.lane)) overlaps += 1;
    busy.add(job.lane);
    await delay(Math.random() * 5);
    busy.delete(job.lane);
    const lane = done[job.lane] ?? [];
    lane.push(job.content);
    done[job.lane] = lane;
  };
  return { work, done, overlaps: () => overlaps };
}

/** Never done, but for an abort. */
const hang = (job: Job) =>
  new Promise<void>((_resolve, reject) => {
    job.signal.addEventListener("abort", () => reject(job.signal.reason));
  });

test("three workers: every row once, in order within its lane, failures included", async () => {
  await using box = await inbox();
  const seen = record();
  const failed = new Set<unknown>();
  const work = async (job: Job) => {
    if (Math.random() < 0.1 && !failed.has(job.id)) {
      failed.add(job.id);
      throw new Error("now and then");
    }
    await seen.work(job);
  };
  for (let index = 0; index < 3; index += 1) await box.worker(work);
  const lanes = Array.from({ length: 20 }, (_, index) => `lane-${index}`);
  for (let text = 0; text < 20; text += 1) {
    await Promise.all(
      lanes.flatMap((lane) => {
        const key = `${lane}:${text}`;
        return [box.put(lane, String(text), key), box.put(lane, String(text), key)];
      }),
    );
  }
  await vi.waitFor(async () => expect(new Set(await box.statuses())).toEqual(new Set(["done"])), {
    timeout: 60_000,
  });
  const expected = Array.from({ length: 20 }, (_, index) => String(index));
  for (const lane of lanes) expect(seen.done[lane]).toEqual(expected);
  expect(seen.overlaps()).toBe(0);
  const left = async () => (await box.pool.query("select lane from slack_lanes")).rows;
  await expect.poll(left).toEqual([]);
});

test("no wake-up is lost while lanes are let go of", async () => {
  await using box = await inbox();
  const seen = record();
  await box.worker(seen.work);
  await box.worker(seen.work);
  for (let text = 0; text < 200; text += 1) {
    await box.put("lane", String(text));
    if (text % 7 === 0) await vi.waitFor(() => expect(seen.done["lane"]).toHaveLength(text + 1));
  }
  await vi.waitFor(() => expect(seen.done["lane"]).toHaveLength(200));
});

test("a row that always fails is given up after so many attempts, and the lane goes on", async () => {
  await using box = await inbox();
  const told: number[] = [];
  const worked: unknown[] = [];
  const handler: Handler = {
    async work(job) {
      worked.push(job.content);
      if (job.content === "bad") throw new Error("always");
    },
    async giveUp(job) {
      told.push(job.id);
      throw new Error("cannot even say so");
    },
  };
  await box.put("lane", "bad");
  await box.put("lane", "good");
  await box.worker(handler.work, { handler, maxAttempts: 3, firstPause: 5 });
  await vi.waitFor(async () => expect(await box.statuses()).toEqual(["dead", "done"]), {
    timeout: 60_000,
  });
  expect(worked).toEqual(["bad", "bad", "bad", "good"]);
  // It is tried a few times more to say so.
  expect(told).toHaveLength(6);
  const { rows } = await box.pool.query("select last_error from slack_inbox where id = 1");
  expect(rows).toEqual([{ last_error: "always" }]);
});

test("a postponed row waits as long as it asks, ahead of its lane, and has not failed", async () => {
  await using box = await inbox();
  const worked: { body: unknown; at: number }[] = [];
  await box.worker(async (job) => {
    worked.push({ body: job.content, at: performance.now() });
    if (worked.length <= 2) throw new Postponed(300, "later");
  });
  await box.put("lane", "first");
  await vi.waitFor(() => expect(worked).toHaveLength(1));
  await box.put("lane", "second");
  await vi.waitFor(async () => expect(await box.statuses()).toEqual(["done", "done"]), {
    timeout: 60_000,
  });
  expect(worked.map(({ body }) => body)).toEqual(["first", "first", "first", "second"]);
  expect((worked[1]?.at ?? 0) - (worked[0]?.at ?? 0)).toBeGreaterThanOrEqual(290);
  const { rows } = await box.pool.query("select attempts from slack_inbox where id = 1");
  expect(rows).toEqual([{ attempts: 0 }]);
});

test("rows of a worker that stops are worked by another at once", async () => {
  await using box = await inbox();
  const first = await box.worker(hang);
  await box.put("lane", "text");
  await vi.waitFor(async () => {
    const { rows } = await box.pool.query("select from slack_lanes where owner is not null");
    expect(rows).toHaveLength(1);
  });
  const seen = record();
  await box.worker(seen.work);
  await box.stop(first);
  await vi.waitFor(() => expect(seen.done["lane"]).toEqual(["text"]));
  const { rows } = await box.pool.query("select attempts from slack_inbox");
  expect(rows).toEqual([{ attempts: 0 }]);
});

test("rows of a worker that is gone are taken over within seconds", async () => {
  await using box = await inbox();
  await box.put("lane", "text");
  // As left behind by a killed process: owned, the lease not over, and no lock.
  await box.pool.query(
    `with gone as (
       insert into slack_worker_leases
       values (nextval('slack_workers'), now() + interval '30 s') returning worker
     )
     update slack_lanes set owner = worker, lease_until = 'infinity' from gone`,
  );
  const seen = record();
  const began = performance.now();
  await box.worker(seen.work);
  await vi.waitFor(() => expect(seen.done["lane"]).toEqual(["text"]), { timeout: 60_000 });
  // Well before the lease of 30 s ends.
  expect(performance.now() - began).toBeLessThan(25_000);
});

test("a worker that loses its lock for a moment keeps its rows, and no other takes them", async () => {
  await using box = await inbox();
  let release = () => {};
  let attempts = 0;
  const work = (job: Job) => {
    attempts += 1;
    return Promise.race([hang(job), new Promise<void>((resolve) => (release = resolve))]);
  };
  await box.worker(work);
  await box.put("lane", "text");
  await vi.waitFor(() => expect(attempts).toBe(1));
  const holders = `select pid from pg_locks where locktype = 'advisory' and objsubid = 2
    and database = (select oid from pg_database where datname = current_database())`;
  await box.worker(work);
  const { rows: before } = await box.pool.query(holders);
  await box.pool.query(`select pg_terminate_backend(pid) from (${holders}) as holder`);
  await vi.waitFor(async () => {
    const { rows } = await box.pool.query(holders);
    expect(rows).toHaveLength(2);
    expect(rows).not.toEqual(before);
  });
  release();
  await vi.waitFor(async () => expect(await box.statuses()).toEqual(["done"]));
  expect(attempts).toBe(1);
});

test("a database that is away for a moment leaves no lane behind", async () => {
  await using box = await inbox();
  let refusals = 0;
  const query = (text: string, values: unknown[]) => {
    if (refusals === 0) return box.pool.query(text, values);
    refusals -= 1;
    return Promise.reject(new Error("Connection terminated unexpectedly"));
  };
  const unsteady: pg.Pool = Object.assign(Object.create(box.pool), { query });
  let first = true;
  const work = async () => {
    refusals = first ? 5 : 0;
    first = false;
  };
  await box.worker(work, { pool: unsteady });
  await box.put("lane", "message");
  // Well below the lease, which would free the lane as well.
  await expect.poll(() => box.statuses(), { timeout: 60_000 }).toEqual(["done"]);
});

test("a claim whose answer is lost leaves no lane behind either", async () => {
  await using box = await inbox();
  let lost = false;
  const query = async (text: string, values: unknown[]) => {
    const result = await box.pool.query(text, values);
    if (lost || !text.includes("set owner = $1,") || result.rowCount === 0) return result;
    lost = true;
    throw new Error("Connection terminated unexpectedly");
  };
  const unsteady: pg.Pool = Object.assign(Object.create(box.pool), { query });
  await box.worker(async () => {}, { pool: unsteady });
  await box.put("lane", "message");
  await expect.poll(() => box.statuses(), { timeout: 60_000 }).toEqual(["done"]);
  expect(lost).toBe(true);
});

test("a failure whose text the database does not take is counted as any other", async () => {
  await using box = await inbox();
  let attempts = 0;
  const work = async () => {
    attempts += 1;
    throw new Error("a NUL: \0");
  };
  await box.worker(work, { maxAttempts: 2 });
  await box.put("lane", "message");
  await expect.poll(() => box.statuses(), { timeout: 60_000 }).toEqual(["dead"]);
  expect(attempts).toBe(2);
});

test("lanes that wait hold no place, however many they are", async () => {
  await using box = await inbox();
  let waiting = 0;
  let clicks = 0;
  let free = () => {};
  const over = new Promise<void>((resolve) => (free = resolve));
  await box.worker(async (job) => {
    if (job.lane.includes("click")) {
      clicks += 1;
      return;
    }
    waiting += 1;
    await job.idle(() => Promise.race([over, hang(job)]));
    waiting -= 1;
  });
  const turns = 700;
  await box.pool.query(
    `with lane as (insert into slack_lanes (lane) select 'T:C:' || n from generate_series(1, $1) n)
     insert into slack_inbox (dedupe_key, lane, kind, version, body)
     select n, 'T:C:' || n, 'delivery', 1, '{}' from generate_series(1, $1) n`,
    [turns],
  );
  await expect.poll(() => waiting).toBe(turns);
  for (let n = 0; n < 20; n += 1) await box.put(`T:C:click:${n}`, "click", `click ${n}`);
  await expect.poll(() => clicks).toBe(20);
  free();
  await expect.poll(async () => new Set(await box.statuses())).toEqual(new Set(["done"]));
  expect(waiting).toBe(0);
});

test("work that never waits leaves clicks their places", async () => {
  await using box = await inbox();
  let clicks = 0;
  await box.worker(async (job) => {
    if (!job.lane.includes("click")) return hang(job);
    clicks += 1;
  });
  await box.pool.query(
    `with lane as (insert into slack_lanes (lane) select 'T:C:' || n from generate_series(1, 600) n)
     insert into slack_inbox (dedupe_key, lane, kind, version, body)
     select n, 'T:C:' || n, 'delivery', 1, '{}' from generate_series(1, 600) n`,
  );
  const owned = () => box.pool.query("select from slack_lanes where owner is not null");
  await expect.poll(async () => (await owned()).rowCount).toBeGreaterThanOrEqual(100);
  for (let n = 0; n < 20; n += 1) await box.put(`T:C:click:${n}`, "click", `click ${n}`);
  await expect.poll(() => clicks).toBe(20);
});

test("a renewal that fails is forgiven, and one that finds the lanes taken is not", async () => {
  await using box = await inbox();
  let begun = 0;
  const aborted: unknown[] = [];
  const work = async (job: Job) => {
    begun += 1;
    await hang(job).catch((reason: unknown) => aborted.push(reason));
    job.signal.throwIfAborted();
  };
  const lease = 3_000;
  await box.worker(work, { lease });
  await box.put("lane", "text");
  await expect.poll(() => begun).toBe(1);
  const lock = await box.pool.connect();
  const renewed = "select lease_until from slack_worker_leases";
  const { rows: before } = await lock.query<{ lease_until: Date }>(renewed);
  const blocked =
    "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
  await lock.query("begin");
  await lock.query("lock table slack_worker_leases in share mode");
  // One renewal waits until the next would be due.
  await expect.poll(async () => (await box.pool.query(blocked)).rowCount).toBeGreaterThan(0);
  const since = performance.now();
  await expect.poll(() => performance.now() - since).toBeGreaterThan(lease / 6 + 100);
  await lock.query("commit");
  await expect
    .poll(async () => (await lock.query<{ lease_until: Date }>(renewed)).rows[0]?.lease_until)
    .not.toEqual(before[0]?.lease_until);
  expect([begun, aborted]).toEqual([1, []]);
  // As when it froze for longer than its lease.
  await lock.query("select slack_take_lanes(array(select worker from slack_worker_leases))");
  lock.release();
  await expect.poll(() => begun).toBe(2);
  expect(aborted).toHaveLength(1);
});

test("a row that kills its process within seconds each time is given up and told, and its neighbour is not", async () => {
  await using box = await inbox();
  const told: unknown[] = [];
  const done: unknown[] = [];
  const began: unknown[] = [];
  const handler: Handler = {
    async work(job) {
      began.push(job.content);
      if (job.content === "killer") return hang(job);
      done.push(job.content);
    },
    async giveUp(job) {
      told.push(job.content);
    },
  };
  await box.put("T:C:1", "killer", "1");
  await box.worker(handler.work, { handler, maxAttempts: 3 });
  // Each time it is at work, its process is gone.
  for (let crash = 1; crash <= 5; crash += 1) {
    await expect
      .poll(() => began.filter((text) => text === "killer").length, { timeout: 60_000 })
      .toBe(crash);
    await box.pool.query("select slack_take_lanes(array(select worker from slack_worker_leases))");
  }
  await box.put("T:C:2", "neighbour", "2");
  await expect.poll(() => box.statuses(), { timeout: 60_000 }).toEqual(["dead", "done"]);
  expect([told, done]).toEqual([["killer"], ["neighbour"]]);
}, 180_000);

test("rows that merely wait when their process is gone are never given up for that", async () => {
  await using box = await inbox();
  let begun = 0;
  await box.worker(async (job) => {
    begun += 1;
    await job.idle(() => hang(job));
  });
  await box.put("T:C:1", "a long turn");
  for (let crash = 1; crash <= 7; crash += 1) {
    await expect.poll(() => begun, { timeout: 60_000 }).toBe(crash);
    // As the worker notes after ten seconds.
    await box.pool.query("update slack_lanes set calm = true");
    await box.pool.query("select slack_take_lanes(array(select worker from slack_worker_leases))");
  }
  const { rows } = await box.pool.query("select status, attempts, crashes from slack_inbox");
  expect(rows).toEqual([{ status: "waiting", attempts: 0, crashes: 0 }]);
}, 180_000);

test("work that the database refuses for its content is not tried again", async () => {
  await using box = await inbox();
  const told: number[] = [];
  let attempts = 0;
  const handler: Handler = {
    async work() {
      attempts += 1;
      await box.pool.query("select $1::bigint", ["NaN"]);
    },
    async giveUp(job) {
      told.push(job.id);
    },
  };
  await box.worker(handler.work, { handler });
  await box.put("lane", "message");
  await expect.poll(() => box.statuses()).toEqual(["dead"]);
  expect([attempts, told]).toEqual([1, [1]]);
});
