import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { connectSessions, type SessionClient } from "@amp/proto";
import { startEmbeddedPostgres } from "../../../stack/src/embedded-postgres.js";
import { freePort } from "../../../stack/src/ports.js";
import { watchdog } from "../../../stack/src/watchdog.js";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

/** The whole system: PostgreSQL, backend and gateway, each a process of its own. */
export interface Stack {
  /** Of the gateway. */
  url: string;
  /** The backend's own client, for what happens behind the gateway's back. */
  sessions: SessionClient;
  /** Kills the backend as a crash would. */
  killBackend(): Promise<void>;
  /** Starts it again. */
  startBackend(): Promise<void>;
}

/**
 * Starts everything on free ports, hands it on, and stops it all.
 * @param settings more of the backend's environment
 */
export async function withStack(
  use: (stack: Stack) => Promise<void>,
  settings: Record<string, string> = {},
): Promise<void> {
  const dataDir = await mkdtemp(path.join(os.tmpdir(), "amp-page-"));
  await chmod(dataDir, 0o755);
  const workspace = path.join(dataDir, "webshop");
  await mkdir(workspace);
  const postgres = await startEmbeddedPostgres({
    dataDir: path.join(dataDir, "pg"),
    unsafeFast: true,
  });
  const backendAddress = `127.0.0.1:${await freePort()}`;
  const gatewayAddress = `127.0.0.1:${await freePort()}`;
  const env = { DATABASE_URL: postgres.url, LOG_LEVEL: "error", WORKSPACE_ROOTS: workspace };
  const backend = new Service("backend-service", {
    ...env,
    ...settings,
    BACKEND_LISTEN: backendAddress,
  });
  const gateway = new Service("gateway", {
    ...env,
    GATEWAY_LISTEN: gatewayAddress,
    BACKEND_URL: backendAddress,
  });
  const sessions = connectSessions(backendAddress);
  const url = `http://${gatewayAddress}`;
  try {
    backend.start();
    gateway.start();
    await sessions.list({}, { waitForReady: true, timeout: START_TIMEOUT });
    await untilUp(`${url}/readyz`);
    await use({
      url,
      sessions,
      killBackend: () => backend.stop("SIGKILL"),
      startBackend: async () => backend.start(),
    });
  } finally {
    sessions.close();
    await gateway.stop("SIGTERM");
    await backend.stop("SIGTERM");
    await postgres[Symbol.asyncDispose]();
    await rm(dataDir, { recursive: true, force: true });
  }
}

/** One of our services, run from its sources; it does not outlive this process. */
class Service {
  private process: ChildProcess | undefined;

  constructor(
    private readonly folder: string,
    private readonly env: Record<string, string>,
  ) {}

  start(): void {
    const args = [
      "--conditions=@amp/source",
      "--import=tsx",
      path.join(ROOT, this.folder, "src/main.ts"),
    ];
    this.process = spawn(process.execPath, args, {
      cwd: ROOT,
      env: { PATH: process.env["PATH"], ...this.env },
      stdio: ["ignore", "inherit", "inherit"],
      detached: true,
    });
    watchdog(this.process, { first: "TERM", last: "KILL" });
  }

  async stop(signal: NodeJS.Signals): Promise<void> {
    const running = this.process;
    if (!running || running.exitCode !== null || running.signalCode !== null) return;
    const gone = once(running, "exit");
    running.kill(signal);
    await gone;
  }
}

/** How long the services may take to start, in milliseconds. */
const START_TIMEOUT = 30_000;

async function untilUp(url: string): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT;
  for (;;) {
    const response = await fetch(url).catch(() => undefined);
    if (response?.ok) return;
    if (Date.now() > deadline) throw new Error(`${url} does not answer`);
    await delay(100);
  }
}
