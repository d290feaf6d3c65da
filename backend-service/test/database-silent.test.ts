import { openPool } from "@amp/postgres";
import { tcpProxy, testDatabase } from "@amp/stack/testing";
import { status } from "@grpc/grpc-js";
import { pino } from "pino";
import { expect, test, vi } from "vitest";
import { backendOn, eventually, failure, newSession } from "./backend.js";
import { persistently } from "./replicas.js";
import { steeredAgent } from "./steered-agent.js";

const logger = pino({ level: "silent" });

/**
 * Another replica, or a gateway, whose host loses its power in mid-transaction: takes
 * these locks and is not heard of again.
 */
async function silentPeer(url: string, locks: string): Promise<AsyncDisposable> {
  const line = await tcpProxy(url);
  const options = { url: line.url, schema: "amp_backend", application: "silent", logger };
  const pool = openPool(options);
  const client = await pool.connect();
  await client.query("begin");
  const { rowCount } = await client.query(locks);
  if (!locks.startsWith("lock")) expect(rowCount).toBeGreaterThan(0);
  line.mute();
  return {
    async [Symbol.asyncDispose]() {
      client.release(true);
      await pool.end();
      await line[Symbol.asyncDispose]();
    },
  };
}

test.each([
  ["sessions", "select from sessions for update"],
  ["turns", "select from turns for update"],
  ["the leases", "select from replicas for update"],
  ["the feed of endings", "select from endings_position for update"],
  ["all of a table", "lock table sessions in access exclusive mode"],
])(
  "a peer that goes silent while it holds %s holds up no call for long",
  async (_, locks) => {
    await using database = await testDatabase();
    await using running = await backendOn(database);
    const { sessions } = running;
    const [talked, ended] = [await newSession(sessions), await newSession(sessions)];
    await sessions.send({ sessionId: talked, message: "before" });
    await using _peer = await silentPeer(database.url, locks);
    const replies = await Promise.all([
      persistently(() => sessions.send({ sessionId: talked, message: "after", requestId: "a" })),
      persistently(() => sessions.send({ sessionId: ended, message: "first", requestId: "b" })),
    ]);
    expect(replies[0].reply).toContain("after");
    await persistently(() => sessions.end({ sessionId: ended }));
    const created = await persistently(() => sessions.create({ requestId: "c" }));
    expect(created.session?.sessionId).toBeTruthy();
  },
  120_000,
);

test("a past that takes the database too long to read fails its turn, and is not read for ever", async () => {
  const agent = steeredAgent();
  await using database = await testDatabase();
  const failed: string[] = [];
  const watched = pino({ level: "warn" }, { write: (line) => void failed.push(line) });
  await using running = await backendOn(database, {}, { agents: [agent], logger: watched });
  const { sessions } = running;
  const sessionId = await newSession(sessions);
  const answer = failure(sessions.send({ sessionId, message: "recall" }));
  await eventually(() => expect(agent.prompts).toHaveLength(1));
  const pool = openPool({ url: database.url, schema: "amp_backend", application: "test", logger });
  const blocker = await pool.connect();
  await blocker.query("begin");
  await blocker.query("lock table turns in access exclusive mode");
  agent.release("recall");
  // Each try takes as long as a query may take; the transaction is kept from being idle for too long.
  await vi.waitFor(
    async () => {
      await blocker.query("select 1");
      expect(failed.join()).toContain("could not be read in time");
    },
    { timeout: 60_000, interval: 200 },
  );
  await blocker.query("rollback");
  blocker.release();
  await pool.end();
  expect(await answer).toMatchObject({ code: status.UNAVAILABLE, reason: "TURN_FAILED" });
}, 180_000);
