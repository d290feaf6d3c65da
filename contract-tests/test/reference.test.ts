import assert from "node:assert/strict";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { askingCases, coreCases } from "../src/backend/index.js";
import { describeBackendContract } from "../src/backend/register.js";
import { connectBackend } from "../src/backend/subject.js";
import { referenceBackend } from "../src/reference/backend.js";
import { mutantBackend } from "../src/reference/mutant.js";
import { mutants } from "../src/reference/mutants.js";
import { type RunningBackend, serve } from "../src/reference/server.js";

const cases = [...coreCases, ...askingCases];

describe("a right backend passes", () => {
  let running: RunningBackend;
  beforeAll(async () => {
    running = await serve(referenceBackend());
  });
  afterAll(() => running[Symbol.dispose]());
  describeBackendContract("reference backend", {}, () => running.address, cases);
});

describe.concurrent("a wrong backend fails", () => {
  for (const mutant of mutants) {
    test(mutant.flaw, async () => {
      const noticing = cases.find(({ name }) => name === mutant.noticedBy);
      assert.ok(noticing, `there is no case "${mutant.noticedBy}"`);
      using running = await serve(mutantBackend(mutant));
      using subject = connectBackend(running);
      await expect(noticing.run(subject)).rejects.toThrow();
    });
  }
});
