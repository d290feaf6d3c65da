import { execFile, spawn } from "node:child_process";
import { chmod, mkdir, mkdtemp, rm, statfs } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

const SIZE_MB = 768;

/** A small disk for the database. Disposing it gives everything back. */
export interface Disk extends AsyncDisposable {
  dir: string;
  /** Whether it can be filled: it is a file system of its own, which takes root on Linux. */
  canFill: boolean;
  /** Leaves no byte free. */
  fill(): Promise<void>;
  /** Gives the space back. */
  free(): Promise<void>;
}

/** A file system in memory where we may mount one, else a plain folder. */
export async function openDisk(): Promise<Disk> {
  const dir = await mkdtemp(path.join(os.tmpdir(), "amp-chaos-"));
  await chmod(dir, 0o755);
  const canFill = await mount(dir);
  const ballast = path.join(dir, "ballast");
  const data = path.join(dir, "data");
  await mkdir(data, { mode: 0o755 });
  return {
    dir: data,
    canFill,
    async fill() {
      const { bavail, bsize } = await statfs(dir);
      await run("fallocate", ["-l", String(bavail * bsize), ballast]).catch(() => {});
    },
    free: () => rm(ballast, { force: true }),
    async [Symbol.asyncDispose]() {
      if (canFill) await run("umount", ["-l", dir]);
      await rm(dir, { recursive: true, force: true });
    },
  };
}

async function mount(dir: string): Promise<boolean> {
  const mounted = await run("mount", ["-t", "tmpfs", "-o", `size=${SIZE_MB}m`, "tmpfs", dir]).then(
    () => true,
    () => false,
  );
  if (!mounted) return false;
  // Unmounts it when this process is gone, however it ended.
  const script = `cat >/dev/null; sleep 2; umount -l "$0" && rmdir "$0"`;
  const guard = spawn("/bin/sh", ["-c", script, dir], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
    cwd: "/",
  });
  guard.unref();
  (guard.stdin as unknown as { unref(): void }).unref();
  return true;
}
