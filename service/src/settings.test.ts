import { describe, expect, test } from "vitest";
import { isLoopback, SettingError, Settings } from "./settings.js";

const settings = (value: string) => new Settings({ X: value });

describe("durations", () => {
  test.each([
    ["500ms", 500],
    ["10s", 10_000],
    ["5m", 300_000],
    ["2h", 7_200_000],
    ["30d", 2_592_000_000],
    [" 1s ", 1_000],
  ])("%s", (text, milliseconds) => {
    expect(settings(text).duration("X", "1s")).toBe(milliseconds);
  });

  test.each(["10", "-1s", "1.5s", "s", "10 s", "1w"])("%s is refused by name", (text) => {
    expect(() => settings(text).duration("X", "1s")).toThrow(/^X must be a duration/);
  });
});

describe("addresses", () => {
  test.each([
    ["127.0.0.1:3000", { host: "127.0.0.1", port: 3000 }, true],
    ["[::1]:0", { host: "::1", port: 0 }, true],
    ["localhost:80", { host: "localhost", port: 80 }, true],
    ["0.0.0.0:50051", { host: "0.0.0.0", port: 50051 }, false],
    ["127.evil.example:1", { host: "127.evil.example", port: 1 }, false],
  ])("%s", (text, address, loopback) => {
    expect(settings(text).listen("X", "")).toEqual(address);
    expect(isLoopback(address)).toBe(loopback);
  });

  test.each(["3000", ":3000", "host:", "host:70000", "::1:3000"])("%s is refused", (text) => {
    expect(() => settings(text).listen("X", "")).toThrow(SettingError);
  });
});

test("an empty variable counts as unset", () => {
  expect(settings("  ").text("X", "fallback")).toBe("fallback");
  expect(() => settings("").required("X", "give it")).toThrow("X is not set: give it");
});

test("whole numbers keep to their bounds", () => {
  expect(settings("7").integer("X", 1, 1, 10)).toBe(7);
  for (const text of ["0", "11", "7.5", "0x7", "seven"]) {
    expect(() => settings(text).integer("X", 1, 1, 10)).toThrow(SettingError);
  }
});

test("a choice lists what there is", () => {
  expect(settings("b").oneOf("X", ["a", "b"], "a")).toBe("b");
  expect(() => settings("c").oneOf("X", ["a", "b"], "a")).toThrow('one of a, b, not "c"');
  expect(settings("false").flag("X", true)).toBe(false);
});

test("a list drops what is empty", () => {
  expect(settings("a, b,,").list("X")).toEqual(["a", "b"]);
});
