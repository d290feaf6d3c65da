import { expect, test } from "vitest";
import type { Injected } from "../faults.js";
import { checkSockets } from "./sockets.js";

const fault = (target: string, begun: number, over: number): Injected => ({
  at: begun,
  kind: "long freeze",
  target,
  duration: over - begun,
  amount: 0,
  begun,
  over,
});
const check = (noticed: number | undefined, faults: Injected[] = []) =>
  checkSockets([{ host: "h", begun: 0, noticed }], faults, () => "gateway-1");

test("a silent socket that is given up within a minute is right", () => {
  expect(check(40_000)).toEqual([]);
});

test("one that is kept is found, unless its gateway was broken meanwhile", () => {
  expect(check(90_000)).toEqual(["gateway-1 kept a silent socket for 90 s"]);
  expect(check(undefined)).toHaveLength(1);
  expect(check(90_000, [fault("gateway-1", 10_000, 50_000)])).toEqual([]);
  expect(check(90_000, [fault("gateway-1 to slack", 10_000, 50_000)])).toEqual([]);
  expect(check(90_000, [fault("gateway-2", 10_000, 50_000)])).toHaveLength(1);
  expect(check(90_000, [fault("gateway-1", 70_000, 80_000)])).toHaveLength(1);
});
