import { spawn } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Environment, ListenAddress } from "@amp/service";
import { CannotStart } from "./cannot-start.js";
import { openLog, type ServiceLog } from "./logs.js";
import { accepts } from "./ports.js";
import { keepRunning, type Running } from "./supervisor.js";
import { watchdog } from "./watchdog.js";

/** How to run one of the two services. */
export interface ServiceOptions {
  name: "backend-service" | "gateway";
  env: Environment;
  /** Where it listens once it is ready. */
  listen: ListenAddress;
  /** Milliseconds from being asked to stop to being killed. */
  grace: number;
  logDir: string;
  tell: (line: string) => void;
}

const START_TIMEOUT_MS = 60_000;

/** Keeps a service running, as a process of its own; it takes requests when this resolves. */
export async function keepService(options: ServiceOptions): Promise<AsyncDisposable> {
  const { name, logDir, tell } = options;
  const log = openLog(logDir, name, tell);
  const running = await keepRunning(
    () => startService(options, log),
    (how) => tell(`${name}: gone (${how}); starting it again`),
  );
  return {
    async [Symbol.asyncDispose]() {
      await running[Symbol.asyncDispose]();
      log[Symbol.dispose]();
    },
  };
}

async function startService(
  { name, env, listen, grace }: ServiceOptions,
  log: ServiceLog,
): Promise<Running> {
  const main = fileURLToPath(new URL(`../../${name}/dist/main.js`, import.meta.url));
  const child = spawn(process.execPath, ["--enable-source-maps", main], {
    env,
    stdio: ["ignore", "pipe", "pipe"],
    // In a group of its own, so that a Ctrl-C reaches only us, who stop the parts in order.
    detached: true,
  });
  watchdog(child, { first: "TERM", last: "KILL" });
  log.follow(child.stdout, child.stderr);

  let gone = false;
  const exited = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("exit", (code, signal) => resolve(signal ?? `exit code ${code}`));
  }).finally(() => {
    gone = true;
  });
  async function stop(): Promise<void> {
    if (gone || child.pid === undefined) return;
    const killed = setTimeout(killGroup, grace, child.pid);
    child.kill("SIGTERM");
    await exited;
    clearTimeout(killed);
  }

  for (const deadline = Date.now() + START_TIMEOUT_MS; !(await accepts(listen)); ) {
    if (gone) {
      const how = log.complaint() || (await exited);
      throw new CannotStart(`${name} did not start: ${how} (${log.file})`);
    }
    if (Date.now() > deadline) {
      await stop();
      throw new CannotStart(`${name} did not start within ${START_TIMEOUT_MS / 1000} s`);
    }
    await delay(50);
  }
  return { exited, stop };
}

/** Ends a process and whatever it started. */
function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // Gone meanwhile.
  }
}
