import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);

/** The version that this suite is part of. */
export const THIS_ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** A built version of the product. Disposing it removes it. */
export interface Version extends AsyncDisposable {
  /** Its folder. */
  root: string;
}

/**
 * Builds the services of another commit in a temporary folder.
 * @throws when there is no such commit, or it does not build.
 */
export async function buildVersion(ref: string): Promise<Version> {
  const root = await mkdtemp(path.join(os.tmpdir(), "amp-chaos-version-"));
  const git = (...args: string[]) => run("git", args, { cwd: THIS_ROOT });
  const version = {
    root,
    async [Symbol.asyncDispose]() {
      await git("worktree", "remove", "--force", root).catch(() => {});
      await rm(root, { recursive: true, force: true });
    },
  };
  try {
    await git("worktree", "add", "--detach", "--force", root, ref);
    await install(root);
    const tsc = path.join(root, "node_modules", "typescript", "bin", "tsc");
    await run(process.execPath, [tsc, "-b", "backend-service", "gateway"], { cwd: root });
    return version;
  } catch (error) {
    await version[Symbol.asyncDispose]();
    throw error;
  }
}

/** Gives it its dependencies: ours, where it has the same, else those that npm fetches. */
async function install(root: string): Promise<void> {
  if (!(await haveAllOf(root))) {
    await run("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], { cwd: root });
    return;
  }
  const ours = path.join(THIS_ROOT, "node_modules");
  const theirs = path.join(root, "node_modules");
  await mkdir(path.join(theirs, "@amp"), { recursive: true });
  for (const name of await readdir(ours)) {
    if (name !== "@amp") await symlink(path.join(ours, name), path.join(theirs, name));
  }
  for (const folder of ["service", "proto", "postgres", "backend-service", "gateway"]) {
    await symlink(path.join(root, folder), path.join(theirs, "@amp", folder));
  }
}

/** Whether we have all that it locks, in the same versions. */
async function haveAllOf(root: string): Promise<boolean> {
  const [ours, theirs] = await Promise.all([THIS_ROOT, root].map(lockedVersions));
  return Object.entries(theirs ?? {}).every(([name, version]) => ours?.[name] === version);
}

/** The version of each package, by the folder that it is installed in. */
async function lockedVersions(root: string): Promise<Record<string, string>> {
  const lock = JSON.parse(await readFile(path.join(root, "package-lock.json"), "utf8")) as {
    packages: Record<string, { version?: string }>;
  };
  return Object.fromEntries(
    Object.entries(lock.packages).flatMap(([folder, { version }]) =>
      folder.startsWith("node_modules/") && version !== undefined ? [[folder, version]] : [],
    ),
  );
}
