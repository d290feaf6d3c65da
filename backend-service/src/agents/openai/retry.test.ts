import { describe, expect, test } from "vitest";
import { busy, wrongKey } from "./failures.js";
import { retryAfter, retryDelay } from "./retry.js";

describe("how long to wait", () => {
  const delays = [100, 400];

  test("the back-off grows and is spread", () => {
    const first = retryDelay(busy(), 0, delays);
    expect(first).toBeGreaterThanOrEqual(50);
    expect(first).toBeLessThanOrEqual(100);
    expect(retryDelay(busy(), 1, delays)).toBeGreaterThanOrEqual(200);
  });

  test("what the endpoint asks for is obeyed, within reason", () => {
    expect(retryDelay(busy(3_000), 0, delays)).toBe(3_000);
    expect(retryDelay(busy(60_000), 0, delays)).toBeUndefined();
  });

  test("there is an end, and what does not pass is not tried again", () => {
    expect(retryDelay(busy(0), 2, delays)).toBeUndefined();
    expect(retryDelay(wrongKey(), 0, delays)).toBeUndefined();
    expect(retryDelay(new Error("a bug"), 0, delays)).toBeUndefined();
  });
});

describe("retry-after", () => {
  test.each([
    [{}, undefined],
    [{ "retry-after": "2" }, 2_000],
    [{ "retry-after": "0.5" }, 500],
    [{ "retry-after": "soon" }, undefined],
    [{ "retry-after": "Thu, 01 Jan 1970 00:00:00 GMT" }, 0],
    [{ "retry-after": "2", "retry-after-ms": "1500" }, 1_500],
  ])("%j", (headers, milliseconds) => {
    expect(retryAfter(new Headers(headers as Record<string, string>))).toBe(milliseconds);
  });

  test("a date to come", () => {
    const value = new Date(Date.now() + 60_000).toUTCString();
    const wait = retryAfter(new Headers({ "retry-after": value }));
    expect(wait).toBeGreaterThan(55_000);
    expect(wait).toBeLessThanOrEqual(60_000);
  });
});
