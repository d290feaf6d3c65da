import assert from "node:assert/strict";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { tokenCases } from "../src/backend/cases/token.js";
import { abilityCases, coreCases } from "../src/backend/index.js";
import { describeBackendContract } from "../src/backend/register.js";
import { connectBackend } from "../src/backend/subject.js";
import { referenceBackend } from "../src/reference/backend.js";
import { mutantBackend } from "../src/reference/mutant.js";
import { mutants } from "../src/reference/mutants.js";
import { type RunningBackend, serve } from "../src/reference/server.js";
import { variants } from "../src/reference/variants.js";

const cases = [...coreCases, ...Object.values(abilityCases).flat()];

describe("a right backend passes", () => {
  let running: RunningBackend;
  beforeAll(async () => {
    running = await serve(referenceBackend());
  });
  afterAll(() => running[Symbol.dispose]());
  describeBackendContract("reference backend", {}, () => running.address, cases);
});

describe.concurrent("a right backend of another kind passes", () => {
  for (const variant of variants) {
    describe(variant.name, () => {
      let running: RunningBackend;
      beforeAll(async () => {
        running = await serve(mutantBackend(variant));
      });
      afterAll(() => running[Symbol.dispose]());
      describeBackendContract("variant", {}, () => running.address, cases);
    });
  }
});

describe("a backend that asks for a token", () => {
  const token = "Nobody-Guesses-This";
  const [right, ...wrong] = [
    ["exactly", (given: string) => given === token],
    ["by its beginning", (given: string) => token.startsWith(given)],
    ["by its end", (given: string) => token.endsWith(given)],
    ["by any beginning with it", (given: string) => given.startsWith(token)],
    ["in any case", (given: string) => given.toLowerCase() === token.toLowerCase()],
  ] as const;

  async function failures(accepts: (given: string) => boolean): Promise<string[]> {
    using running = await serve(referenceBackend(), { accepts });
    using subject = connectBackend({ ...running, token });
    const outcomes = await Promise.allSettled(tokenCases.map(({ run }) => run(subject)));
    return outcomes.flatMap(({ status }, at) =>
      status === "rejected" ? [tokenCases[at]?.name ?? ""] : [],
    );
  }

  test(`which it knows ${right[0]} passes`, async () => {
    expect(await failures(right[1])).toEqual([]);
  });
  test.each(wrong)("which it knows %s fails", async (_, accepts) => {
    expect(await failures(accepts)).not.toEqual([]);
  });
});

test("a server that knows the health of a service that is not there fails", async () => {
  const noticing = cases.find(
    ({ name }) => name === "grpc.health.v1 knows no other service: NOT_FOUND",
  );
  using running = await serve(referenceBackend(), { alsoHealthy: ["no.such.Service"] });
  using subject = connectBackend(running);
  await expect(noticing?.run(subject)).rejects.toThrow();
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
