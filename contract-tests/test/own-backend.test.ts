import { type Backend, parseConfig, startBackend } from "@amp/backend-service";
import {
  type OpenAiServer,
  startOpenAiServer,
  type TestDatabase,
  testDatabase,
} from "@amp/stack/testing";
import { afterAll, beforeAll, describe } from "vitest";
import { describeBackendContract } from "../src/backend/register.js";

describe("our backend with the demo agent", () => {
  const token = "nobody-guesses-this";
  const address = boot(async () => ({ BACKEND_TOKENS: `another,${token}` }));
  const abilities = ["asks", "thinks", "tools"] as const;
  describeBackendContract("demo", { token, agent: "demo", abilities }, address);
});

describe("our backend with an OpenAI-compatible endpoint", () => {
  let endpoint: OpenAiServer;
  const address = boot(async () => {
    endpoint = await startOpenAiServer();
    return { OPENAI_BASE_URL: endpoint.url, OPENAI_MODEL: "echo" };
  });
  afterAll(() => endpoint[Symbol.asyncDispose]());
  describeBackendContract("openai", {}, address);
});

/** Starts our backend for the cases of the surrounding block; returns where it listens. */
function boot(settings: () => Promise<Record<string, string>>): () => string {
  let database: TestDatabase;
  let backend: Backend;
  beforeAll(async () => {
    database = await testDatabase();
    const config = parseConfig({
      DATABASE_URL: database.url,
      BACKEND_LISTEN: "127.0.0.1:0",
      LOG_LEVEL: "error",
      ...(await settings()),
    });
    backend = await startBackend(config);
  });
  afterAll(async () => {
    await backend?.[Symbol.asyncDispose]();
    await database?.[Symbol.asyncDispose]();
  });
  return () => backend.address;
}
