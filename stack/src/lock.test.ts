import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { tryLock } from "../lock.mjs";

let dir: string;
let file: string;
beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), "amp lock "));
  file = path.join(dir, "lock");
});
afterEach(() => rmSync(dir, { recursive: true }));

test("a lock is held by one, and free after its release", () => {
  const first = tryLock(file);
  expect(first.release).toBeDefined();
  expect(tryLock(file)).toEqual({ owner: process.pid });
  first.release?.();
  expect(readdirSync(dir)).toEqual([]);
  expect(tryLock(file).release).toBeDefined();
});

test.each([
  ["a process that is gone", "4194303 1"],
  ["another process that has the same pid", `${process.pid} 1`],
  ["nobody", ""],
  ["something that is no process", "tea"],
])("a lock whose file names %s is taken over", (_, text) => {
  writeFileSync(`${file}.7`, text);
  expect(tryLock(file).release).toBeDefined();
  expect(readdirSync(dir)).toEqual(["lock.8"]);
});

test("of many processes that see the same dead owner, one takes over at a time", async () => {
  writeFileSync(`${file}.1`, "4194303 1");
  const script = fileURLToPath(new URL("../test/lock-taker.mjs", import.meta.url));
  const takers = Array.from({ length: 6 }, () =>
    spawn(process.execPath, [script, file, "15"], { stdio: ["ignore", "pipe", "inherit"] }),
  );
  let output = "";
  for (const { stdout } of takers) stdout.on("data", (chunk) => (output += chunk.toString()));
  const codes = await Promise.all(takers.map((taker) => once(taker, "exit")));
  expect(codes.map(([code]) => code)).toEqual(takers.map(() => 0));
  expect(output).toBe("");
  expect(tryLock(file).release).toBeDefined();
});
