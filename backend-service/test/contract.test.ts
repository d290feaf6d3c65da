import { type TestDatabase, testDatabase } from "@amp/stack/testing";
import { afterAll, beforeAll } from "vitest";
import { describeBackendContract } from "../../contract-tests/src/backend/register.js";
import type { TestBackend } from "./backend.js";
import { replicas } from "./replicas.js";

let database: TestDatabase;
let all: TestBackend[] & AsyncDisposable;

beforeAll(async () => {
  database = await testDatabase();
  all = await replicas(3, database);
});
afterAll(async () => {
  await all?.[Symbol.asyncDispose]();
  await database?.[Symbol.asyncDispose]();
});

describeBackendContract("three replicas, each call at the next", { agent: "demo" }, () => {
  return `ipv4:${all.map(({ backend }) => backend.address).join(",")}`;
});
