import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** The backend as a process of its own; resolves when it says that it is ready. */
export async function bootProcess(
  databaseUrl: string,
  port: number,
  env: Record<string, string> = {},
): Promise<ChildProcess> {
  const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));
  const child = spawn(process.execPath, ["--import", "tsx", "-C", "@amp/source", main], {
    env: {
      ...process.env,
      DATABASE_URL: databaseUrl,
      BACKEND_LISTEN: `127.0.0.1:${port}`,
      ...env,
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  for await (const chunk of child.stdout) if (String(chunk).includes("backend ready")) break;
  child.stdout.resume();
  return child;
}

/** Ends it as a crash would, also when it is stopped. */
export async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}
