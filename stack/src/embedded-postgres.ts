/**
 * A real PostgreSQL from npm's binaries, for machines that have none.
 *
 * It runs as a child process in a group of its own, so that a Ctrl-C at the
 * terminal reaches only whoever started it, and with a watchdog that stops it
 * when that process is gone, however it ended.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { access, chmod, chown, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { CannotStart } from "./cannot-start.js";
import { freePort } from "./ports.js";
import { postgresBinaries } from "./postgres-binaries.js";
import { canReach, type ServerUser, serverUser } from "./server-user.js";
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
  /** Told what the server logs. */
  onLog?: (text: string) => void;
}

/** A running one. Disposing it stops it and keeps its files. */
export interface EmbeddedPostgres extends AsyncDisposable {
  /** Of the database `postgres`, as superuser. */
  url: string;
  process: ChildProcess;
}

/** How often a start is tried while a killed predecessor still goes away. */
const START_ATTEMPTS = 10;
const START_TIMEOUT_MS = 60_000;

/**
 * Starts it on the data folder, which is made and initialized if it is not there.
 * @throws CannotStart when the user that the server must run as cannot get at the folder.
 */
export async function startEmbeddedPostgres(
  options: EmbeddedPostgresOptions,
): Promise<EmbeddedPostgres> {
  const user = await serverUser();
  await mkdir(options.dataDir, { recursive: true });
  if (user) {
    await chmod(options.dataDir, 0o711);
    if (!(await canReach(user, options.dataDir))) {
      throw new CannotStart(
        `PostgreSQL does not run as root, and the user that it runs as (uid ${user.uid}) cannot reach ${options.dataDir}.`,
      );
    }
  }
  const bin = await postgresBinaries(user);
  const cluster = path.join(options.dataDir, "postgres");
  const passwordFile = path.join(options.dataDir, "password");
  if (!(await exists(cluster))) await initialize(bin, cluster, passwordFile, user);
  const password = await readFile(passwordFile, "utf8");
  for (let attempt = 1; ; attempt++) {
    const port = options.port ?? (await freePort());
    try {
      const child = await start(bin, cluster, port, options, user);
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

/** Makes a cluster beside its place and moves it there, so that a kill leaves all of it or nothing. */
async function initialize(
  bin: string,
  cluster: string,
  passwordFile: string,
  user: ServerUser | undefined,
): Promise<void> {
  const draft = `${cluster}.new`;
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft, { mode: 0o700 });
  await writeFile(passwordFile, randomBytes(24).toString("hex"), { mode: 0o600 });
  if (user) {
    await chown(draft, user.uid, user.gid);
    await chown(passwordFile, user.uid, user.gid);
  }
  const args = ["-D", draft, "-U", "postgres", "--auth=scram-sha-256", "--encoding=UTF8"];
  const locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"];
  await run(path.join(bin, "initdb"), [...args, ...locale, `--pwfile=${passwordFile}`], {
    ...user,
    env: { ...process.env, LC_ALL: "C" },
    cwd: "/",
  });
  await rename(draft, cluster);
}

async function start(
  bin: string,
  cluster: string,
  port: number,
  options: EmbeddedPostgresOptions,
  user: ServerUser | undefined,
): Promise<ChildProcess> {
  const settings = [
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "max_connections=200",
    ...(options.unsafeFast ? ["fsync=off", "synchronous_commit=off", "full_page_writes=off"] : []),
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
      options.onLog?.(chunk.toString());
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
