/** What ends by itself is started again, and once only when a fault befalls it just then. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { testDatabase } from "@amp/stack/testing";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { freePort } from "../../stack/src/ports.js";
import { Database } from "./database.js";
import { Service } from "./service.js";
import { THIS_ROOT } from "./versions.js";

let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), "amp-chaos-test-"));
});

afterEach(async () => {
  vi.useRealTimers();
  await rm(dir, { recursive: true });
});

/** Counts what the log holds of these. */
function lines(logFile: string, pattern: RegExp): () => Promise<number> {
  return async () => (await readFile(logFile, "utf8")).match(pattern)?.length ?? 0;
}

test("a service that ended by itself just before it is killed", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  await using postgres = await testDatabase();
  const port = await freePort();
  const logFile = path.join(dir, "log");
  await using service = new Service({
    name: "backend-1",
    main: (root) => path.join(root, "backend-service", "dist", "main.js"),
    root: THIS_ROOT,
    port,
    env: { DATABASE_URL: postgres.url, BACKEND_LISTEN: `127.0.0.1:${port}` },
    logFile,
    onCrash: () => {},
  });
  service.start();
  await service.ready();
  service.signal("SIGKILL");
  await expect.poll(lines(logFile, /^--- .* ended/gm)).toBe(1);
  await service.kill();
  service.start();
  await service.ready();
  vi.advanceTimersByTime(60_000);
  expect(await lines(logFile, /^--- started/gm)()).toBe(2);
});

test("a database that ended by itself just before it is restarted", async () => {
  const logFile = path.join(dir, "log");
  await using database = await Database.start(logFile);
  const pidFile = path.join(database.disk.dir, "postgres", "postmaster.pid");
  const [pid] = (await readFile(pidFile, "utf8")).split("\n");
  process.kill(Number(pid), "SIGKILL");
  const starts = lines(logFile, /starting PostgreSQL/g);
  await expect.poll(starts, { interval: 5 }).toBe(2);
  await database.restart("SIGINT", 0);
  expect(await database.query("select 1 as one")).toEqual([{ one: 1 }]);
  expect(await starts()).toBe(3);
});
