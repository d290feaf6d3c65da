/**
 * PostgreSQL refuses to run as root: there, it runs as `postgres` if the
 * machine has that user, else as `nobody`, and both its programs and its files
 * must be where that user can reach them.
 */
import { readFile, realpath, stat } from "node:fs/promises";
import path from "node:path";
import { CannotStart } from "./cannot-start.js";

/** Whom a server process runs as. */
export interface ServerUser {
  uid: number;
  gid: number;
}

/** A folder that every user can enter, where only root can write. */
export const SHARED_DIR = "/var/lib/amp-bridge";

/** The user it must run as; undefined when it can run as whoever we are. */
export async function serverUser(): Promise<ServerUser | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const passwd = await readFile("/etc/passwd", "utf8");
  for (const name of ["postgres", "nobody"]) {
    const entry = passwd.split("\n").find((line) => line.startsWith(`${name}:`));
    const [, , uid, gid] = entry?.split(":") ?? [];
    if (uid && gid) return { uid: Number(uid), gid: Number(gid) };
  }
  throw new CannotStart(
    "PostgreSQL does not run as root, and there is no user postgres or nobody: set DATABASE_URL.",
  );
}

/** Whether the user may enter every folder on the way to, and with, an existing one. */
export async function canReach(user: ServerUser, target: string): Promise<boolean> {
  for (let dir = await realpath(target); ; dir = path.dirname(dir)) {
    const { uid, gid, mode } = await stat(dir);
    const [mine, group, others] = [0o100, 0o010, 0o001];
    const bit = uid === user.uid ? mine : gid === user.gid ? group : others;
    if (!(mode & bit)) return false;
    if (dir === path.dirname(dir)) return true;
  }
}
