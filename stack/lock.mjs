/**
 * A lock between processes of one machine, in files that name their owner. The
 * lock is taken over when its owner is gone, however it ended.
 *
 * Each taker makes a file of the next generation, `<name>.<n>`, which is made whole
 * or not at all, and then looks whether another file names a living process: if so
 * it removes its own and begins anew. Of two that make files at the same time at
 * least one sees the other's. A file is never removed while its owner lives, but by
 * that owner. So two processes that see the same dead owner cannot both take over.
 *
 * Plain JavaScript, since it also guards the installation of everything else.
 */
import { execFileSync } from "node:child_process";
import { linkSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";

/** Takes the lock `file`, if it is free; types in lock.d.mts. */
export function tryLock(file) {
  const dir = path.dirname(file);
  const name = path.basename(file);
  const draft = `${file}.draft-${process.pid}`;
  // Only its owner may have written it: others could let the lock look taken.
  rmSync(draft, { force: true });
  writeFileSync(draft, `${process.pid} ${startTime(process.pid)}\n`, { flag: "wx", mode: 0o644 });
  try {
    for (;;) {
      const there = generations(dir, name);
      const owner = there.map((each) => ownerOf(`${file}.${each}`)).find((pid) => pid > 0);
      if (owner !== undefined) return { owner };
      const mine = `${file}.${(there.at(-1) ?? 0) + 1}`;
      if (!isMade(draft, mine)) continue;
      const others = generations(dir, name)
        .map((each) => `${file}.${each}`)
        .filter((each) => each !== mine);
      if (others.some((each) => ownerOf(each) !== undefined)) {
        rmSync(mine, { force: true });
        continue;
      }
      for (const each of others) rmSync(each, { force: true });
      return { release: () => rmSync(mine, { force: true }) };
    }
  } finally {
    rmSync(draft, { force: true });
  }
}

/** The generations of which there is a file, the oldest first. */
function generations(dir, name) {
  const numbers = readdirSync(dir).flatMap((entry) => {
    const rest = entry.startsWith(`${name}.`) ? entry.slice(name.length + 1) : "";
    return /^[1-9]\d*$/.test(rest) ? [Number(rest)] : [];
  });
  return numbers.sort((a, b) => a - b);
}

/** The process that the file names, if it lives. */
function ownerOf(file) {
  const [pid = "", started = ""] = read(file).trim().split(" ");
  return started !== "" && startTime(Number(pid)) === started ? Number(pid) : undefined;
}

function isMade(draft, file) {
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if (error.code === "EEXIST") return false;
    throw error;
  }
}

function read(file) {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

/** When a process began, in a form of the system's own; "" if there is none. Tells a reused pid. */
function startTime(pid) {
  try {
    if (process.platform === "linux") {
      // After the name in parentheses, which may hold anything, it is the 20th field: proc(5).
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
      const [state, ...fields] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      return state === "Z" ? "" : (fields[18] ?? "");
    }
    const env = { ...process.env, LC_ALL: "C" };
    const args = ["-o", "lstart=", "-p", String(pid)];
    const line = execFileSync("ps", args, { env, encoding: "utf8" });
    return line.trim().replaceAll(/\s+/g, "_");
  } catch {
    return "";
  }
}
