import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Processes that are stopped; `thaw` lets them go on. */
export interface Frozen {
  thaw(): Promise<void>;
}

/**
 * Stops processes with SIGSTOP. A shell waits for the end of a pipe that only we
 * hold open and lets them go on then, so that none stays stopped when this
 * process is gone, however it ended.
 */
export function freeze(pids: readonly number[]): Frozen {
  for (const pid of pids) tryKill(pid, "SIGSTOP");
  const script = 'cat >/dev/null; for each in "$@"; do kill -s CONT "$each"; done';
  const guard = spawn("/bin/sh", ["-c", script, "sh", ...pids.map(String)], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
    cwd: "/",
  });
  return { thaw: () => letGo(guard) };
}

async function letGo(guard: ChildProcess): Promise<void> {
  const ended = once(guard, "exit");
  guard.stdin?.end();
  await ended;
}

/** Stops a process and its children; children that it begins meanwhile are found as well. */
export async function freezeTree(root: number): Promise<Frozen> {
  // The parent first: it begins no more of them then.
  const parent = freeze([root]);
  const children = freeze(await childrenOf(root));
  return {
    async thaw() {
      await children.thaw();
      await parent.thaw();
    },
  };
}

async function childrenOf(parent: number): Promise<number[]> {
  const { stdout } = await run("ps", ["-A", "-o", "pid=,ppid="]);
  return stdout.split("\n").flatMap((line) => {
    const [pid = 0, ppid = 0] = line.trim().split(/\s+/).map(Number);
    return ppid === parent ? [pid] : [];
  });
}

function tryKill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It is gone already.
  }
}
