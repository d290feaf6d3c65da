import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { PostgreSqlContainer } from "@testcontainers/postgresql";
import { getContainerRuntimeClient } from "testcontainers";
import type { TestProject } from "vitest/node";
import { startEmbeddedPostgres } from "../embedded-postgres.js";

declare module "vitest" {
  interface ProvidedContext {
    /** Of a superuser on the PostgreSQL of this run. */
    postgresUrl: string;
  }
}

/** A PostgreSQL for the tests of one run. */
interface Server extends AsyncDisposable {
  url: string;
}

/** The image of docker-compose.yml. */
const IMAGE = "postgres:18";

/** vitest's globalSetup: one PostgreSQL a run, in a container where a Docker engine answers, else embedded. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const engine = await getContainerRuntimeClient().catch(() => undefined);
  const server = (engine && (await startContainer())) ?? (await startEmbedded());
  project.provide("postgresUrl", server.url);
  return async () => server[Symbol.asyncDispose]();
}

/** Undefined where the engine cannot, as without an image registry. */
async function startContainer(): Promise<Server | undefined> {
  try {
    const container = await new PostgreSqlContainer(IMAGE)
      .withCommand(["postgres", "-c", "fsync=off", "-c", "max_connections=200"])
      .start();
    return {
      url: container.getConnectionUri(),
      [Symbol.asyncDispose]: async () => void (await container.stop()),
    };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    console.warn(`No container (${reason}): the tests use the embedded PostgreSQL.`);
    return undefined;
  }
}

async function startEmbedded(): Promise<Server> {
  const dataDir = await mkdtemp(path.join(os.tmpdir(), "amp-test-"));
  const server = await startEmbeddedPostgres({ dataDir, unsafeFast: true });
  return {
    url: server.url,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
