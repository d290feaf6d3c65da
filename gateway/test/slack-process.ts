import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";

const MAIN = fileURLToPath(new URL("../src/main.ts", import.meta.url));

/** A gateway in a process of its own, to be killed. */
export interface GatewayProcess extends AsyncDisposable {
  /** As a power cut would: nothing is finished, nothing let go of. */
  kill(): Promise<void>;
  /** Stops it where it stands, as the suspension of its machine does. */
  freeze(): void;
  thaw(): void;
}

/** Starts one; it takes requests when this resolves. */
export async function gatewayProcess(env: Record<string, string>): Promise<GatewayProcess> {
  const child = spawn(process.execPath, ["--conditions=@amp/source", "--import=tsx", MAIN], {
    env: { ...process.env, LOG_LEVEL: "fatal", ...env },
    stdio: ["ignore", "inherit", "inherit"],
  });
  const exited = once(child, "exit");
  async function kill() {
    child.kill("SIGKILL");
    await exited;
  }
  const ready = `http://${env["GATEWAY_LISTEN"]}/readyz`;
  try {
    await expect
      .poll(async () => (await fetch(ready).catch(() => undefined))?.status, { timeout: 60_000 })
      .toBe(200);
  } catch (error) {
    await kill();
    throw error;
  }
  return {
    kill,
    freeze: () => void child.kill("SIGSTOP"),
    thaw: () => void child.kill("SIGCONT"),
    [Symbol.asyncDispose]: kill,
  };
}
