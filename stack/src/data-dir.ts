import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { access, mkdir, stat } from "node:fs/promises";
import path from "node:path";
import { SettingError } from "@amp/service";
import { canReach, SHARED_DIR, serverUser } from "./server-user.js";
import type { StackConfig } from "./stack-config.js";

/**
 * Makes the data folder, and returns where it is. Root's own PostgreSQL runs as
 * another user, who cannot get into, say, root's private home: then a default
 * folder moves to where it can be reached, always to the same place.
 * @throws SettingError for a folder that cannot be made, or a chosen one that cannot be reached.
 */
export async function openDataDir(
  config: Pick<StackConfig, "dataDir" | "dataDirIsChosen" | "databaseUrl">,
  tell: (line: string) => void,
): Promise<string> {
  const { dataDir } = config;
  await makeFolder(dataDir);
  const user = config.databaseUrl === undefined ? await serverUser() : undefined;
  if (!user || (await canReach(user, path.dirname(dataDir)))) return dataDir;
  if (config.dataDirIsChosen) {
    throw new SettingError(
      "AMP_DATA_DIR",
      `is ${dataDir}, which the user that PostgreSQL runs as (uid ${user.uid}, since it does not run as root) cannot reach: choose a folder that others may enter`,
    );
  }
  const key = createHash("sha256").update(dataDir).digest("hex").slice(0, 12);
  const moved = path.join(SHARED_DIR, `data-${key}`);
  await mkdir(moved, { recursive: true, mode: 0o711 });
  tell(`The database of root cannot be reached in ${dataDir}, so it is kept in ${moved}.`);
  return moved;
}

/** Makes the folder and those above it. Node's own recursive way never ends in some file systems, such as /proc. */
async function makeFolder(dir: string): Promise<void> {
  try {
    await make(dir);
    await access(dir, constants.W_OK);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const problem =
      code === "ENOTDIR" || code === "EEXIST"
        ? "is, or is below, a file"
        : `cannot be used: ${message}`;
    throw new SettingError("AMP_DATA_DIR", `is ${dir}, which ${problem}`);
  }
}

async function make(dir: string): Promise<void> {
  try {
    await mkdir(dir, { mode: 0o711 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST" && (await stat(dir)).isDirectory()) return;
    if (code !== "ENOENT" || dir === path.dirname(dir)) throw error;
    await make(path.dirname(dir));
    await mkdir(dir, { mode: 0o711 });
  }
}
