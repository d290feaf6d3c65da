import { createHmac } from "node:crypto";
import { expect, test } from "vitest";
import { isSigned } from "./signature.js";

const NOW = 1_700_000_000_000;
const SECRET = "shh";

function headers(age: number, body: string, secret = SECRET) {
  const timestamp = String(NOW / 1_000 - age);
  const hash = createHmac("sha256", secret).update(`v0:${timestamp}:${body}`).digest("hex");
  return { "x-slack-request-timestamp": timestamp, "x-slack-signature": `v0=${hash}` };
}

test("a fresh signature passes", () => {
  for (const age of [0, 299, -299])
    expect(isSigned(SECRET, headers(age, "x"), "x", NOW)).toBe(true);
});

test("everything else does not", () => {
  const good = headers(0, "x");
  expect(isSigned(SECRET, headers(301, "x"), "x", NOW)).toBe(false);
  expect(isSigned(SECRET, headers(-301, "x"), "x", NOW)).toBe(false);
  expect(isSigned(SECRET, headers(0, "x", "other"), "x", NOW)).toBe(false);
  expect(isSigned(SECRET, good, "y", NOW)).toBe(false);
  expect(isSigned(undefined, good, "x", NOW)).toBe(false);
  expect(isSigned("", headers(0, "x", ""), "x", NOW)).toBe(false);
  expect(isSigned(SECRET, {}, "x", NOW)).toBe(false);
  expect(isSigned(SECRET, { ...good, "x-slack-signature": "v0" }, "x", NOW)).toBe(false);
  expect(isSigned(SECRET, { ...good, "x-slack-signature": "v1=00" }, "x", NOW)).toBe(false);
  expect(isSigned(SECRET, { ...good, "x-slack-request-timestamp": "soon" }, "x", NOW)).toBe(false);
});
