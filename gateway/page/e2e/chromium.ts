import { execFileSync, spawnSync } from "node:child_process";
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { brotliDecompressSync } from "node:zlib";

/** A browser, and the environment that it needs. */
export interface Chromium {
  executablePath: string;
  env: Record<string, string>;
}

const NAMES = ["chromium", "chromium-headless-shell", "chromium-browser", "google-chrome"];
const PACKED = fileURLToPath(
  new URL("../../../peers/node_modules/@sparticuz/chromium/", import.meta.url),
);

/**
 * Finds a Chromium: the one that CHROMIUM_PATH names, one on the PATH, or the
 * one that npm brought with the test peers.
 * @throws Error naming these ways when there is none
 */
export function findChromium(): Chromium {
  const named = process.env["CHROMIUM_PATH"];
  if (named) {
    if (isProgram(named)) return { executablePath: named, env: {} };
    throw new Error(`CHROMIUM_PATH is ${named}, which is not a program.`);
  }
  for (const folder of (process.env["PATH"] ?? "").split(path.delimiter)) {
    const found = NAMES.map((name) => path.join(folder, name)).find(isProgram);
    if (found) return { executablePath: found, env: {} };
  }
  if (existsSync(PACKED) && process.platform === "linux" && process.arch === "x64") return unpack();
  throw new Error(
    "No Chromium: set CHROMIUM_PATH, install one (apt-get install chromium), or run `node stack/install.mjs --peers`.",
  );
}

/** Unpacks the browser of `@sparticuz/chromium`, once for each version; its own code would reuse any version's. */
function unpack(): Chromium {
  const { version } = JSON.parse(readFileSync(path.join(PACKED, "package.json"), "utf8"));
  const folder = path.join(PACKED, "../../.cache", `chromium-${version}`);
  if (!existsSync(folder)) {
    // Made beside and moved at once: a folder that is there is whole.
    const draft = `${folder}.${process.pid}`;
    mkdirSync(draft, { recursive: true });
    const packed = (file: string) =>
      brotliDecompressSync(readFileSync(path.join(PACKED, "bin", file)));
    writeFileSync(path.join(draft, "chromium"), packed("chromium.br"), { mode: 0o755 });
    execFileSync("tar", ["-x", "-C", draft], { input: packed("al2023.tar.br") });
    try {
      renameSync(draft, folder);
    } catch (error) {
      rmSync(draft, { recursive: true });
      if (!existsSync(folder)) throw error;
    }
  }
  const executablePath = path.join(folder, "chromium");
  const missing = spawnSync("ldd", [executablePath], { encoding: "utf8" }).stdout?.includes(
    "not found",
  );
  return { executablePath, env: missing ? { LD_LIBRARY_PATH: path.join(folder, "lib") } : {} };
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
