import { realpath, stat } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { ForbiddenWorkingDir, InvalidField } from "./errors.js";

/**
 * The folder that a session is to work in, with symlinks resolved.
 * @param wanted absolute or beginning with "~"; empty for the first root.
 * @param roots resolved; the folder must be one of them or lie under one.
 * @throws InvalidField when there is no such folder, ForbiddenWorkingDir when it is outside.
 */
export async function resolveWorkingDir(wanted: string, roots: string[]): Promise<string> {
  const given = wanted || (roots[0] ?? "");
  const expanded = given.replace(/^~(?=\/|$)/, os.homedir());
  if (!path.isAbsolute(expanded)) {
    throw new InvalidField("working_dir", 'must be absolute or begin with "~/"');
  }
  const resolved = await realpath(expanded).catch(() => undefined);
  // Whether something exists outside of the roots is nobody's business.
  const allowed = roots.some((root) => isInside(root, resolved ?? path.resolve(expanded)));
  if (!allowed) throw new ForbiddenWorkingDir("working_dir is outside of the allowed folders");
  if (!resolved || !(await stat(resolved)).isDirectory()) {
    throw new InvalidField("working_dir", "is not an existing folder");
  }
  return resolved;
}

function isInside(root: string, target: string): boolean {
  const relative = path.relative(root, target);
  return relative === "" || !(relative === ".." || relative.startsWith(`..${path.sep}`));
}
