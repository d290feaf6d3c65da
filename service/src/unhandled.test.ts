import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

/** Runs the statements in a process of its own that logs what nobody catches. */
function run(statements: string) {
  const module = fileURLToPath(new URL("./unhandled.ts", import.meta.url));
  const log = "(fields, text) => console.log(text, fields.err.message)";
  const script = `import { logUnhandled } from ${JSON.stringify(module)};
    logUnhandled({ error: ${log}, fatal: ${log} });
    ${statements}`;
  const args = ["--import", "tsx", "--input-type=module", "-e", script];
  const { status, stdout } = spawnSync(process.execPath, args, { encoding: "utf8" });
  return { status, stdout };
}

test("a rejection that nobody handles is logged, and the process goes on", () => {
  const { status, stdout } = run(`
    void Promise.reject(new Error("lost"));
    setTimeout(() => console.log("goes on"), 50);`);
  expect(stdout).toBe("a promise was rejected and nobody handled it lost\ngoes on\n");
  expect(status).toBe(0);
});

test("an exception that nobody catches is logged, and ends the process", () => {
  const { status, stdout } = run(`
    setTimeout(() => { throw new Error("broken"); });
    setTimeout(() => console.log("goes on"), 1_000);`);
  expect(stdout).toBe("an exception was not caught; the process ends broken\n");
  expect(status).toBe(1);
});
