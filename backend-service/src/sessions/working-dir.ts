import { readlink, realpath, stat } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { AgentError } from "../agents/agent.js";
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
  // Whether something exists outside of the roots is nobody's business, also not through a link.
  const place = resolved ?? (await whereItWouldBe(path.resolve(expanded), MAX_LINKS));
  const allowed = place !== undefined && roots.some((root) => isInside(root, place));
  if (!allowed) throw new ForbiddenWorkingDir("working_dir is outside of the allowed folders");
  if (!resolved || !(await stat(resolved)).isDirectory()) {
    throw new InvalidField("working_dir", "is not an existing folder");
  }
  return resolved;
}

/**
 * The folder that a session was begun with, if it is still there and still allowed.
 * @throws AgentError when it is not
 */
export async function checkWorkingDir(dir: string, roots: string[]): Promise<string> {
  const now = await resolveWorkingDir(dir, roots).catch(() => undefined);
  if (now === dir) return dir;
  throw new AgentError(
    "misconfigured",
    "The folder of this session is gone, or not allowed any more. Please begin a new session.",
  );
}

/** As many as Linux follows. */
const MAX_LINKS = 40;

/**
 * Where something that is not there, or cannot be reached, would be: all links are
 * followed, also those that lead nowhere. Undefined when they never end.
 */
async function whereItWouldBe(file: string, links: number): Promise<string | undefined> {
  const resolved = await realpath(file).catch(() => undefined);
  if (resolved !== undefined) return resolved;
  const parent = path.dirname(file);
  if (parent === file) return file;
  const folder = await whereItWouldBe(parent, links);
  if (folder === undefined) return undefined;
  const here = path.join(folder, path.basename(file));
  const link = await readlink(here).catch(() => undefined);
  if (link === undefined) return here;
  return links === 0 ? undefined : whereItWouldBe(path.resolve(folder, link), links - 1);
}

function isInside(root: string, target: string): boolean {
  const relative = path.relative(root, target);
  return relative === "" || !(relative === ".." || relative.startsWith(`..${path.sep}`));
}
