import { type ChildProcess, spawn } from "node:child_process";

/**
 * Stops a child by `signal` when this process is gone, however it ended, a
 * SIGKILL included: a shell waits for the end of a pipe that only we hold open.
 */
export function watchdog(child: ChildProcess, signal: "INT" | "TERM" | "KILL"): void {
  if (child.pid === undefined) return;
  const script = `cat >/dev/null; kill -${signal} $0`;
  const guard = spawn("/bin/sh", ["-c", script, String(child.pid)], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  guard.unref();
  // The pipe must not keep this process alive.
  (guard.stdin as unknown as { unref(): void }).unref();
  // Once the child is gone its pid may be somebody else's.
  child.once("exit", () => guard.kill("SIGKILL"));
}
