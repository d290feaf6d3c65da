import { access } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { CannotStart } from "../cannot-start.js";

/** The folder of third-party programs that tests and the demo talk to. */
const PEERS = new URL("../../../peers/node_modules/", import.meta.url);

/**
 * The path of a file in `peers/node_modules`. Throws, telling how to get it,
 * when the peers are not installed or do not exist for this machine.
 */
export async function peerFile(file: string): Promise<string> {
  const found = fileURLToPath(new URL(file, PEERS));
  await access(found).catch((cause: unknown) => {
    const machine = `${process.platform}-${process.arch}`;
    throw new CannotStart(
      `${file} is not there. Run \`node stack/install.mjs --peers\`; if it still is not, it does not exist for ${machine}.`,
      { cause },
    );
  });
  return found;
}
