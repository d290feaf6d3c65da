import { readFileSync } from "node:fs";
import { parseEnv } from "node:util";
import { type Environment, SettingError } from "@amp/service";

/**
 * The environment with what a `.env` file says, as docker compose reads it,
 * too. A variable that is set already wins over the file; a file that is not
 * there adds nothing.
 * @throws SettingError when the file is there and cannot be read.
 */
export function withEnvFile(env: Environment, file: string): Environment {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return env;
    throw new SettingError(file, `cannot be read: ${message}`);
  }
  return { ...parseEnv(text), ...env };
}
