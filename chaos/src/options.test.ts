import { expect, test } from "vitest";
import { parseOptions } from "./options.js";
import { FAULT_KINDS } from "./schedule.js";

test("defaults: all faults, and some gateway by Socket Mode", () => {
  const options = parseOptions(["--seed", "7"]);
  expect(options).toMatchObject({ minutes: 5, seed: 7, backends: 3, gateways: 2 });
  expect(options.only).toEqual(FAULT_KINDS);
  expect(options.sockets).toBeGreaterThanOrEqual(1);
  expect(options.upgradeFrom).toBeUndefined();
  expect(parseOptions(["--seed", "7"])).toEqual(options);
});

test("the seed chooses how many gateways use Socket Mode", () => {
  const chosen = Array.from({ length: 30 }, (_, seed) => parseOptions(["--seed", `${seed + 1}`]));
  expect(new Set(chosen.map(({ sockets }) => sockets))).toEqual(new Set([1, 2]));
  expect(parseOptions(["--sockets", "0"]).sockets).toBe(0);
});

test.each([
  [["--only", "rain"], /--only must be one of: kill -9; /],
  [["--minutes", "-1"], /--minutes/],
  [["--seed", "x"], /--seed/],
  [["--sockets", "3"], /--sockets must be a number from 0 to 2/],
  [["--sockets", "1.5"], /--sockets/],
  [["--weather", "rain"], /weather/],
])("refuses %j", (args, message) => {
  expect(() => parseOptions(args)).toThrow(message);
});
