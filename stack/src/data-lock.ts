import { execFileSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { link, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { CannotStart } from "./cannot-start.js";

/**
 * Keeps a data folder to this process, until it ends. The lock is a file that
 * names its owner; one whose owner is gone, however it ended, is taken over.
 * @throws CannotStart when it runs.
 */
export async function lockDataDir(dir: string): Promise<AsyncDisposable> {
  const file = path.join(dir, "lock");
  const mine = `${process.pid} ${startTime(process.pid)}\n`;
  const draft = `${file}.${process.pid}`;
  await writeFile(draft, mine);
  try {
    // A link is made whole or not at all, and never over another one.
    while (!(await isMade(link(draft, file)))) {
      const owner = await readFile(file, "utf8").catch(() => "");
      const [pid = "", started = ""] = owner.trim().split(" ");
      if (started !== "" && startTime(Number(pid)) === started) {
        throw new CannotStart(`Amp Bridge already runs on ${dir}, as process ${pid}.`);
      }
      // Of two who see a dead owner, only one can move its file away.
      const dead = `${draft}.dead`;
      await rename(file, dead).catch(() => {});
      await rm(dead, { force: true });
    }
  } finally {
    await rm(draft, { force: true });
  }
  const release = () => rmSync(file, { force: true });
  process.once("exit", release);
  return {
    async [Symbol.asyncDispose]() {
      process.removeListener("exit", release);
      release();
    },
  };
}

function isMade(made: Promise<void>): Promise<boolean> {
  return made.then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === "EEXIST") return false;
      throw error;
    },
  );
}

/** When a process began, in a form of the system's own; "" if there is none. Tells a reused pid. */
function startTime(pid: number): string {
  try {
    if (process.platform === "linux") {
      // After the name in parentheses, which may hold anything, it is the 20th field: proc(5).
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
      const [state, ...fields] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      return state === "Z" ? "" : (fields[18] ?? "");
    }
    const env = { ...process.env, LC_ALL: "C" };
    const line = execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], {
      env,
      encoding: "utf8",
    });
    return line.trim().replaceAll(/\s+/g, "_");
  } catch {
    return "";
  }
}
