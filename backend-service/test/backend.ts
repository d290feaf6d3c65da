import { mkdtemp, realpath, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { openPool } from "@amp/postgres";
import { connectSessions, errorDetails, type SessionClient } from "@amp/proto";
import { type TestDatabase, testDatabase } from "@amp/stack/testing";
import type { ServiceError } from "@grpc/grpc-js";
import { pino } from "pino";
import { vi } from "vitest";
import { type Backend, type BackendOverrides, parseConfig, startBackend } from "../src/index.js";

/** Silent unless LOG_LEVEL says else. */
const logger = pino({ level: process.env["LOG_LEVEL"] ?? "silent" });

/** A backend under test, with the shipped client. */
export interface TestBackend extends AsyncDisposable {
  backend: Backend;
  sessions: SessionClient;
}

/** Starts a backend on a database that it may share with others. */
export async function backendOn(
  database: Pick<TestDatabase, "url">,
  env: Record<string, string> = {},
  overrides: BackendOverrides = {},
): Promise<TestBackend> {
  const config = parseConfig({
    DATABASE_URL: database.url,
    BACKEND_LISTEN: "127.0.0.1:0",
    SHUTDOWN_GRACE: "0s",
    ...env,
  });
  const backend = await startBackend(config, { logger, ...overrides });
  const sessions = connectSessions(backend.address);
  return {
    backend,
    sessions,
    async [Symbol.asyncDispose]() {
      sessions.close();
      await backend[Symbol.asyncDispose]();
    },
  };
}

/** Starts a backend on a database of its own. */
export async function testBackend(
  env: Record<string, string> = {},
  overrides: BackendOverrides = {},
): Promise<TestBackend & { database: TestDatabase }> {
  const database = await testDatabase();
  const running = await backendOn(database, env, overrides);
  return {
    ...running,
    database,
    async [Symbol.asyncDispose]() {
      await running[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
    },
  };
}

/** Runs one statement beside the backend. */
export async function inDatabase(
  { url }: Pick<TestDatabase, "url">,
  sql: string,
): Promise<unknown[]> {
  const pool = openPool({ url, schema: "amp_backend", application: "test", max: 1, logger });
  try {
    return (await pool.query(sql)).rows;
  } finally {
    await pool.end();
  }
}

/** A new session's id. */
export async function newSession(sessions: SessionClient, agent = ""): Promise<string> {
  const { session } = await sessions.create({ agent, description: "test" });
  if (!session) throw new Error("no session");
  return session.sessionId;
}

/** How a call failed: status code, reason and the field it names. */
export async function failure(call: Promise<unknown>) {
  const error = await call.then(
    () => {
      throw new Error("the call did not fail");
    },
    (thrown: ServiceError) => thrown,
  );
  const details = errorDetails(error);
  return { code: error.code, reason: details?.reason, field: details?.metadata["field"] };
}

/** Tries until the assertion holds; patient, as test machines may be slow. */
export function eventually<T>(assertion: () => T | Promise<T>): Promise<T> {
  return vi.waitFor(assertion, { timeout: 60_000, interval: 25 });
}

/** Everything that a stream yields, and the error that it ends with, if any. */
export async function drain<T>(stream: AsyncIterable<T>): Promise<{ items: T[]; error: unknown }> {
  const items: T[] = [];
  try {
    for await (const item of stream) items.push(item);
    return { items, error: undefined };
  } catch (error) {
    return { items, error };
  }
}

/** An empty folder, with symlinks resolved. */
export async function tempDir(): Promise<AsyncDisposable & { path: string }> {
  const dir = await realpath(await mkdtemp(path.join(os.tmpdir(), "amp-backend-")));
  return { path: dir, [Symbol.asyncDispose]: () => rm(dir, { recursive: true }) };
}
