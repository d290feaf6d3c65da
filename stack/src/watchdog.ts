import { type ChildProcess, spawn } from "node:child_process";

/** How a child is told to end, and what it gets if it is still there a second later. */
export interface WatchdogSignals {
  first: "INT" | "TERM" | "KILL";
  last: "QUIT" | "KILL";
}

/**
 * Stops a child when this process is gone, however it ended, a SIGKILL
 * included: a shell waits for the end of a pipe that only we hold open. The
 * child must lead a process group of its own (`detached: true`), which is
 * stopped whole.
 */
export function watchdog(child: ChildProcess, { first, last }: WatchdogSignals): void {
  if (child.pid === undefined) return;
  const script = `cat >/dev/null; kill -s ${first} -- -$0
    for each in 1 2 3 4 5; do sleep 0.2; kill -s 0 -- -$0 || exit; done; kill -s ${last} -- -$0`;
  const guard = spawn("/bin/sh", ["-c", script, String(child.pid)], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
    cwd: "/",
  });
  guard.on("error", () => {});
  guard.unref();
  // The pipe must not keep this process alive.
  (guard.stdin as unknown as { unref(): void }).unref();
  // Once the child is gone its pid may be somebody else's.
  child.once("exit", () => guard.kill("SIGKILL"));
}
