/**
 * `npm test`: every test, and one summary at the end. The tests of the page run
 * also after a failure before them, so that one run tells all there is to tell.
 * Arguments go to vitest; with any, the page's tests are left out.
 */
import { spawn } from "node:child_process";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));
const PATH = `${path.resolve("node_modules/.bin")}${path.delimiter}${process.env.PATH}`;

/** Where each runner's last lines have the number of tests that passed, or failed. */
const COUNTS = {
  vitest: (result) => new RegExp(`^ +Tests .*?(\\d+) ${result}`, "m"),
  playwright: (result) => new RegExp(`^ +(\\d+) ${result}`, "m"),
};

const filters = process.argv.slice(2);
const runs = [["vitest", ["run", ...filters]]];
if (filters.length === 0) runs.push(["playwright", ["test"]]);

const begun = Date.now();
const results = [];
for (const [runner, args] of runs) results.push(await run(runner, args));

console.log("\nSummary");
let broken = false;
for (const { runner, status, passed, failed } of results) {
  broken ||= status !== 0;
  const note = status !== 0 && failed === 0 ? `, ended with ${status}` : "";
  console.log(`  ${runner.padEnd(12)}${passed} passed, ${failed} failed${note}`);
}
console.log(`  took ${Math.round((Date.now() - begun) / 1000)} s`);
process.exitCode = broken ? 1 : 0;

/** Runs one runner, shows what it prints, and counts its results. */
async function run(runner, args) {
  const child = spawn(runner, args, {
    env: { ...process.env, PATH, ...(process.stdout.isTTY && { FORCE_COLOR: "1" }) },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let tail = "";
  child.stdout.on("data", (chunk) => {
    process.stdout.write(chunk);
    tail = (tail + chunk.toString()).slice(-100_000);
  });
  const status = await new Promise((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("close", (code, signal) => resolve(signal ?? code));
  });
  const lines = stripVTControlCharacters(tail);
  return {
    runner,
    status,
    passed: count(lines, runner, "passed"),
    failed: count(lines, runner, "failed"),
  };
}

function count(lines, runner, result) {
  return Number(COUNTS[runner](result).exec(lines)?.[1] ?? 0);
}
