/**
 * Installs and builds what is missing or stale, and nothing else, so that
 * `npm start` works in a fresh clone and begins at once in a ready one. Plain
 * Node, since nothing is installed when it first runs.
 *
 *   node stack/install.mjs            the workspaces, and their build
 *   node stack/install.mjs --peers    also peers/, for tests and the demo
 *   node stack/install.mjs --stamp    only notes that the current folder is installed (npm's postinstall)
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { tryLock } from "./lock.mjs";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const PAGE = path.join(ROOT, "gateway/page");

const { engines } = JSON.parse(readFileSync(path.join(ROOT, "package.json"), "utf8"));
const [leastMajor, leastMinor] = engines.node.match(/\d+/g).map(Number);
const [major, minor] = process.versions.node.split(".").map(Number);
if (major < leastMajor || (major === leastMajor && minor < leastMinor)) {
  fail(`Amp Bridge needs Node.js ${engines.node}; this is ${process.version}.`);
}

if (process.argv.includes("--stamp")) {
  const isWhole = !process.env.npm_config_omit?.includes("dev");
  if (isWhole) writeFileSync(stampFile(process.cwd()), stamp(process.cwd()));
} else {
  const release = await lock();
  try {
    install(ROOT, "dependencies");
    if (process.argv.includes("--peers")) install(path.join(ROOT, "peers"), "test peers");
    build();
  } finally {
    release();
  }
}

/** Installs what the folder's lock file says, unless that is what is there. */
function install(dir, what) {
  const there = read(stampFile(dir));
  if (there === stamp(dir)) return;
  const reason = there === undefined ? "" : ", since package-lock.json or Node changed";
  console.log(`Installing ${what}${reason} ...`);
  // Development tools build the services, so they are needed in production mode, too.
  npm(dir, ["ci", "--include=dev", "--no-audit", "--no-fund"]);
  writeFileSync(stampFile(dir), stamp(dir));
}

function build() {
  const tsc = path.join(ROOT, "node_modules/typescript/bin/tsc");
  run(process.execPath, [tsc, "-b"], ROOT, "The build failed.");
  const built = statSync(path.join(PAGE, "dist/index.html"), { throwIfNoEntry: false });
  if (built && newest(PAGE) <= built.mtimeMs) return;
  console.log("Building the page ...");
  npm(ROOT, ["run", "build", "--silent", "-w", "@amp/page", "--", "--logLevel", "warn"]);
}

/** What must be the same for an installation to be good: the lock file, and what native code depends on. */
function stamp(dir) {
  const lockFile = readFileSync(path.join(dir, "package-lock.json"));
  const hash = createHash("sha256").update(lockFile).digest("hex");
  return `${hash} node-${process.versions.modules} ${process.platform}-${process.arch}\n`;
}

function stampFile(dir) {
  return path.join(dir, "node_modules", ".amp-installed");
}

/** When something below was last changed, in milliseconds; built and installed files do not count. */
function newest(dir) {
  let latest = 0;
  for (const entry of readdirSync(dir, { withFileTypes: true })) {
    if (entry.name === "dist" || entry.name === "node_modules") continue;
    const file = path.join(dir, entry.name);
    latest = Math.max(latest, entry.isDirectory() ? newest(file) : statSync(file).mtimeMs);
  }
  return latest;
}

/** Waits until no other process installs in this clone; returns how to let the next one in. */
async function lock() {
  for (let told = false; ; await delay(200)) {
    // In the clone, where nobody else can write.
    const { owner, release } = tryLock(path.join(ROOT, ".install-lock"));
    if (release) return release;
    if (!told) console.log(`Process ${owner} is installing here; waiting for it ...`);
    told = true;
  }
}

function read(file) {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

/** The npm that runs us, or the one on the PATH. */
function npm(dir, args) {
  const npmCli = process.env.npm_execpath;
  const [program, first] = npmCli?.endsWith(".js") ? [process.execPath, [npmCli]] : ["npm", []];
  run(program, [...first, ...args], dir, `\`npm ${args.join(" ")}\` failed in ${dir}`);
}

function run(program, args, cwd, problem) {
  const { status, error } = spawnSync(program, args, { cwd, stdio: "inherit" });
  if (status !== 0) fail(error ? `${problem}: ${error.message}` : problem);
}

function fail(problem) {
  console.error(problem);
  process.exit(1);
}
