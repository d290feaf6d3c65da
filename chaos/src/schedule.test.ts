import { expect, test } from "vitest";
import { Random } from "./random.js";
import { FAULT_KINDS, planFaults } from "./schedule.js";

const TARGETS = {
  service: ["gateway-1", "gateway-2", "backend-1"],
  link: ["gateway-1 to backend-1", "gateway-2 to backend-1"],
  database: ["postgres"],
  slack: ["slack"],
};
const plan = (seed: number) => planFaults(new Random(seed), 20 * 60_000, TARGETS);

test("a seed makes one schedule, another seed another", () => {
  expect(plan(7)).toEqual(plan(7));
  expect(plan(7)).not.toEqual(plan(8));
});

test.each([1, 2, 3, 4, 5])(
  "twenty minutes have a hundred faults of all kinds (seed %i)",
  (seed) => {
    const faults = plan(seed);
    expect(faults.length).toBeGreaterThan(100);
    expect(new Set(faults.map(({ kind }) => kind)).size).toBe(FAULT_KINDS.length);
  },
);

test("faults of one target come one after the other", () => {
  const over = new Map<string, number>();
  for (const { at, target, duration } of plan(11)) {
    expect(at).toBeGreaterThan(over.get(target) ?? 0);
    over.set(target, at + duration);
  }
});
