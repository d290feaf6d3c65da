import path from "node:path";
import { tryLock } from "../lock.mjs";
import { CannotStart } from "./cannot-start.js";

/**
 * Keeps a data folder to this process, until it ends.
 * @throws CannotStart when another one runs on it.
 */
export async function lockDataDir(dir: string): Promise<AsyncDisposable> {
  const { owner, release } = tryLock(path.join(dir, "lock"));
  if (!release) throw new CannotStart(`Amp Bridge already runs on ${dir}, as process ${owner}.`);
  process.once("exit", release);
  return {
    async [Symbol.asyncDispose]() {
      process.removeListener("exit", release);
      release();
    },
  };
}
