import { setTimeout as delay } from "node:timers/promises";
import { connectSessions, type SessionClient } from "@amp/proto";
import type { TestDatabase } from "@amp/stack/testing";
import { type ServiceError, status } from "@grpc/grpc-js";
import type { BackendOverrides } from "../src/index.js";
import { backendOn, newSession, type TestBackend } from "./backend.js";

/** Short enough for a test to wait for, long enough for a busy machine. */
export const LEASE = { heartbeatMs: 100, leaseMs: 1_500, trustMs: 1_200 };

/** Starts backends on one database. */
export async function replicas(
  count: number,
  database: Pick<TestDatabase, "url">,
  overrides: BackendOverrides = {},
  env: Record<string, string> = {},
): Promise<TestBackend[] & AsyncDisposable> {
  const started = await Promise.all(
    Array.from({ length: count }, () => backendOn(database, env, overrides)),
  );
  return Object.assign(started, {
    async [Symbol.asyncDispose]() {
      await Promise.all(started.map((each) => each[Symbol.asyncDispose]()));
    },
  });
}

/** A client whose calls are spread over the replicas. */
export function balanced(all: readonly TestBackend[]): SessionClient & Disposable {
  const sessions = connectSessions(`ipv4:${all.map(({ backend }) => backend.address).join(",")}`);
  return Object.assign(sessions, { [Symbol.dispose]: () => sessions.close() });
}

/** A new session that the given replica owns. */
export async function sessionOf({ sessions }: TestBackend, agent = ""): Promise<string> {
  const sessionId = await newSession(sessions, agent);
  await sessions.send({ sessionId, message: "mine" });
  return sessionId;
}

/** Repeats an idempotent call for as long as it is told to. */
export async function persistently<T>(call: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if ((error as ServiceError).code !== status.UNAVAILABLE) throw error;
      await delay(50);
    }
  }
}
