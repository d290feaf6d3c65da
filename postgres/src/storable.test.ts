import fc from "fast-check";
import { expect, test } from "vitest";
import { storable, storableJson } from "./storable.js";

test("what PostgreSQL refuses becomes visible, and all else stays", () => {
  expect(storable("a\0b \ud83d \ude00 \u{1F600} e\u0301 \uffff")).toBe(
    "a\uFFFDb \uFFFD \uFFFD \u{1F600} e\u0301 \uffff",
  );
});

test("keys and values are cleaned at any depth", () => {
  const value = { "k\0": [{ deep: ["\ud800", 1, null, true] }], same: "tea" };
  expect(storableJson(value)).toEqual({
    "k\uFFFD": [{ deep: ["\uFFFD", 1, null, true] }],
    same: "tea",
  });
});

test("a value nested beyond all reason is cut, and does not overflow the stack", () => {
  let deep: unknown = "x";
  for (let level = 0; level < 100_000; level++) deep = [deep];
  expect(JSON.stringify(storableJson(deep))).toContain("\uFFFD");
});

test("text that UTF-8 can hold is never changed", () => {
  const whole = fc.string({ unit: "binary" }).filter((text) => !text.includes("\0"));
  fc.assert(fc.property(whole, (text) => storable(text) === text));
});
