import { expect, test } from "vitest";
import { Random } from "./random.js";
import { FAULT_KINDS, planFaults, planUpgrade } from "./schedule.js";

const TARGETS = {
  service: ["gateway-1", "gateway-2", "backend-1"],
  gateway: ["gateway-1", "gateway-2"],
  link: ["gateway-1 to backend-1", "gateway-2 to backend-1", "gateway-1 to postgres"],
  databaseLink: ["gateway-1 to postgres"],
  database: ["postgres"],
  slack: ["slack"],
  sockets: ["sockets"],
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

test.each(FAULT_KINDS)("a short run with one kind alone has it: %s", (kind) => {
  for (const seed of [1, 2, 3]) {
    const faults = planFaults(new Random(seed), 60_000, TARGETS, [kind]);
    expect(faults.length).toBeGreaterThan(0);
    expect(new Set(faults.map((fault) => fault.kind))).toEqual(new Set([kind]));
    for (const { at, duration } of faults) {
      expect(at).toBeLessThan(60_000);
      expect(duration).toBeGreaterThanOrEqual(0);
    }
  }
});

test("what is not there has no faults", () => {
  const faults = planFaults(new Random(3), 20 * 60_000, { ...TARGETS, sockets: [] });
  expect(faults.filter(({ kind }) => kind.startsWith("sockets"))).toEqual([]);
});

test.each([1, 2, 3])("long freezes leave most of the time to work (seed %i)", (seed) => {
  const frozen = plan(seed).filter(({ kind }) => kind === "Postgres freeze");
  const lost = frozen.reduce((sum, { duration }) => sum + duration, 0);
  expect(lost).toBeLessThan(0.25 * 20 * 60_000);
});

test("an upgrade replaces every service once, in the middle of the run", () => {
  const upgrade = planUpgrade(new Random(5), 60_000, TARGETS.service);
  expect(upgrade.map(({ target }) => target).sort()).toEqual([...TARGETS.service].sort());
  expect(upgrade).toEqual(planUpgrade(new Random(5), 60_000, TARGETS.service));
  for (const { at } of upgrade) {
    expect(at).toBeGreaterThanOrEqual(15_000);
    expect(at).toBeLessThan(45_000);
  }
});
