import { chmod, mkdtemp, rm } from "node:fs/promises";
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

/** The image of docker-compose.yml. */
const IMAGE = "postgres:18";

/** vitest's globalSetup: one PostgreSQL a run, in a container where a Docker engine answers, else embedded. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const engine = await getContainerRuntimeClient().catch(() => undefined);
  return engine ? startContainer(project) : startEmbedded(project);
}

async function startContainer(project: TestProject): Promise<() => Promise<void>> {
  const container = await new PostgreSqlContainer(IMAGE)
    .withCommand(["-c", "fsync=off", "-c", "max_connections=200"])
    .start();
  project.provide("postgresUrl", container.getConnectionUri());
  return async () => void (await container.stop());
}

async function startEmbedded(project: TestProject): Promise<() => Promise<void>> {
  const dataDir = await mkdtemp(path.join(os.tmpdir(), "amp-test-"));
  await chmod(dataDir, 0o755);
  const server = await startEmbeddedPostgres({ dataDir, unsafeFast: true });
  project.provide("postgresUrl", server.url);
  return async () => {
    await server[Symbol.asyncDispose]();
    await rm(dataDir, { recursive: true, force: true });
  };
}
