import { expect, test } from "vitest";
import { addressed } from "./addressed.js";

const call = (text: string) => addressed(text, "U1", "amp");

test("a mention anywhere, or the name as the first word, addresses the app", () => {
  expect(call("<@U1> new tea")).toEqual({ mentioned: true, rest: "new tea" });
  expect(call("<@U1|amp>  new")).toEqual({ mentioned: true, rest: "new" });
  expect(call("hey <@U1> look")).toEqual({ mentioned: true, rest: "hey   look" });
  expect(call("<@U1>")).toEqual({ mentioned: true, rest: "" });
  expect(call("Amp list")).toEqual({ mentioned: false, rest: "list" });
  expect(call("@amp list")).toEqual({ mentioned: false, rest: "list" });
});

test("others, and words that only begin like it, do not", () => {
  for (const text of ["<@U12> new", "ampere is a unit", "the amp list", "amp's", "list", ""]) {
    expect(call(text)).toBeUndefined();
  }
});
