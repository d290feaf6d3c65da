import { expect, test } from "vitest";
import { isLocalHost } from "./local-host.js";

test.each(["localhost", "localhost:3000", "127.0.0.1", "127.9.9.9:1", "[::1]", "[::1]:80"])(
  "%s is local",
  (host) => {
    expect(isLocalHost(host)).toBe(true);
  },
);

test.each([
  "",
  "::1",
  "example.com",
  "localhost.example.com",
  "127.0.0.1.example.com",
  "localhost:3000:evil",
  "localhost@evil",
  "[::2]",
  "0.0.0.0",
  "192.168.0.1:3000",
])("%j is not", (host) => {
  expect(isLocalHost(host)).toBe(false);
});
