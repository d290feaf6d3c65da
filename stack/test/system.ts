import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { freePort } from "@amp/stack/testing";
import { expect } from "vitest";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const START = fileURLToPath(new URL("../dist/start.js", import.meta.url));

/** A data folder and two free ports. */
export interface Place extends AsyncDisposable {
  dir: string;
  backend: string;
  gateway: string;
  env: NodeJS.ProcessEnv;
}

export async function place(): Promise<Place> {
  const dir = await mkdtemp(path.join(os.tmpdir(), "amp stack "));
  const backend = `127.0.0.1:${await freePort()}`;
  const gateway = `127.0.0.1:${await freePort()}`;
  const { npm_lifecycle_event: _, DATABASE_URL: __, ...inherited } = process.env;
  return {
    dir,
    backend,
    gateway,
    env: { ...inherited, AMP_DATA_DIR: dir, BACKEND_LISTEN: backend, GATEWAY_LISTEN: gateway },
    [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }),
  };
}

/** A running `npm start`, or what became of it. */
export interface System extends AsyncDisposable {
  pid: number;
  output(): string;
  /** Resolves with the exit code; null after a signal. */
  exited: Promise<number | null>;
}

/** Runs what `npm start` runs, in the clone or another folder; disposing asks it to stop and waits. */
export function launch(
  where: Place,
  args: string[] = [],
  { cwd = ROOT, node = process.execPath } = {},
): System {
  return watch(spawn(node, [START, ...args], { cwd, env: where.env }));
}

/** Runs npm itself, without the installation before it. */
export function launchNpm(where: Place): System {
  return watch(spawn("npm", ["start", "--ignore-scripts"], { cwd: ROOT, env: where.env }));
}

/** As `launch`, and waits until everything runs. */
export async function start(
  where: Place,
  args: string[] = [],
  options: { node?: string } = {},
): Promise<System> {
  const system = launch(where, args, options);
  await isUp(system);
  return system;
}

export async function isUp(system: System): Promise<void> {
  await expect.poll(system.output, { timeout: 120_000 }).toContain("Amp Bridge is running");
}

export interface Process {
  pid: number;
  parent: number;
  command: string;
}

function everybody(): Process[] {
  const lines = execFileSync("ps", ["-eo", "pid=,ppid=,stat=,args="], { encoding: "utf8" });
  return lines.split("\n").flatMap((line) => {
    const [, pid, parent, stat, command] = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line) ?? [];
    if (!stat || stat.startsWith("Z")) return [];
    return [{ pid: Number(pid), parent: Number(parent), command: command ?? "" }];
  });
}

/** The processes of a system: what the process started, and what those started. */
export function family(pid: number): Process[] {
  const all = everybody();
  const children = (of: number): Process[] =>
    all.filter(({ parent }) => parent === of).flatMap((child) => [child, ...children(child.pid)]);
  return children(pid);
}

/** The one process of the family whose command contains the text. */
export function member(pid: number, text: string): number {
  const found = family(pid).filter(({ command }) => command.includes(text));
  expect(found.map(({ command }) => command)).toHaveLength(1);
  return found[0]?.pid ?? Number.NaN;
}

/** Those of them that still run; one that ended and waits to be collected does not. */
export function alive(processes: Process[]): Process[] {
  const now = everybody();
  return processes.filter(({ pid }) => now.some((each) => each.pid === pid));
}

function watch(child: ChildProcess): System {
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  const exited = once(child, "exit").then(([code]) => code as number | null);
  return {
    pid: child.pid ?? Number.NaN,
    // Without the warning of a release of Node.js that is known to be unsafe: tests run on any.
    output: () => output.replaceAll(/^Node\.js \d.*: take .*\n/gm, ""),
    exited,
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await exited;
    },
  };
}
