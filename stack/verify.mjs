/** `npm run verify`: every rule that a tool can check, in one table. Exits 1 if one is broken. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));
const PATH = `${path.resolve("node_modules/.bin")}${path.delimiter}${process.env.PATH}`;

/** Each answers undefined when all is well, a note when it could not be checked, and throws when it is not. */
const STEPS = {
  // With the browser, which the configuration of the page tests looks for.
  "builds, in types": () => run("node", "stack/install.mjs", "--peers"),
  "types of the tests": () => run("tsc", "-p", "tsconfig.test.json"),
  "types of the page": () => run("npm", "run", "types", "-w", "@amp/page"),
  "lint, format, import boundaries": () => run("biome", "check", "--error-on-warnings"),
  "nothing unused": () => run("knip"),
  "no test left out": noTestLeftOut,
  "generated code is fresh": () => isFresh(["proto"], "npm", "run", "generate", "-w", "@amp/proto"),
  "schema.sql is fresh": () => isFresh(["*/schema.sql"], "node", "stack/dist/schema.js"),
  "contract: lint": () => run("npm", "run", "lint", "-w", "@amp/proto"),
  "contract: breaks no caller": breaksNoCaller,
  "page within its budget": () => run("npm", "run", "build", "-w", "@amp/page"),
  "lock file is whole": () => run("npm", "ci", "--dry-run", "--ignore-scripts"),
  "no known vulnerability": audit,
};

process.exitCode = main();

function main() {
  let broken = 0;
  for (const [name, check] of Object.entries(STEPS)) {
    const begun = Date.now();
    let outcome = "ok";
    let output = "";
    try {
      outcome = check() ?? "ok";
    } catch (error) {
      broken++;
      outcome = "BROKEN";
      output = `${error.message.trimEnd()}\n`;
    }
    const seconds = ((Date.now() - begun) / 1000).toFixed(1);
    console.log(`${name.padEnd(34)}${seconds.padStart(6)} s  ${outcome}`);
    process.stdout.write(output);
  }
  console.log(broken === 0 ? "verify: all is well" : `verify: ${broken} broken`);
  return broken === 0 ? 0 : 1;
}

/** Runs a program of the tool chain or of the system; throws with its output if it fails. */
function run(program, ...args) {
  const { status, output } = tryRun(program, ...args);
  if (status !== 0) throw new Error(output);
}

function tryRun(program, ...args) {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    encoding: "utf8",
    env: { ...process.env, PATH },
    maxBuffer: 64 * 1024 * 1024,
  });
  return { status, stdout, output: error ? error.message : `${stdout}${stderr}` };
}

/** Makes files again; throws if that changes them. */
function isFresh(paths, ...generate) {
  const before = fingerprint(paths);
  run(...generate);
  if (fingerprint(paths) !== before) {
    throw new Error("It was stale and has been made again: look at the difference and commit it.");
  }
}

function fingerprint(paths) {
  const listed = ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", ...paths];
  const hash = createHash("sha256");
  for (const file of tryRun("git", ...listed)
    .stdout.split("\0")
    .filter(Boolean)) {
    const content = existsSync(file) ? readFileSync(file) : "gone";
    hash.update(file).update(content);
  }
  return hash.digest("hex");
}

/**
 * Compares with the contract of the last release, or else of the commit before.
 * Not with the newest commit, which holds the change itself.
 */
function breaksNoCaller() {
  const release = tryRun("git", "describe", "--tags", "--abbrev=0", "--match", "v*", "HEAD~1");
  const ref = release.status === 0 ? release.stdout.trim() : "HEAD~1";
  const commit = tryRun("git", "rev-parse", "--verify", "--quiet", `${ref}^{commit}`);
  if (commit.status !== 0)
    return "not checked: this clone has neither a release nor a commit before";
  // Given as a commit, since buf does not look for remote branches.
  const against = `.git#ref=${commit.stdout.trim()},subdir=proto`;
  run("buf", "breaking", "proto", "--against", against);
}

function noTestLeftOut() {
  const pattern = "\\b(test|it|describe)\\.(only|skip|todo|fixme|fails)\\b";
  const files = ["*.test.ts", "*.spec.ts", "*.contract.ts"];
  const { status, output } = tryRun("git", "grep", "--untracked", "-nE", pattern, "--", ...files);
  if (status !== 1) throw new Error(output);
}

function audit() {
  const { status, output } = tryRun("npm", "audit", "--omit=dev", "--loglevel=error");
  if (status === 0) return;
  if (/audit endpoint returned an error|ENOTFOUND|EAI_AGAIN|ECONNREFUSED/.test(output)) {
    return "could not be checked here: the registry does not answer";
  }
  throw new Error(output);
}
