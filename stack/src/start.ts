/** What `npm start` runs. */
import path from "node:path";
import {
  SettingError,
  unknownVariables,
  unknownVariableWarning,
  unsafeNodeWarning,
} from "@amp/service";
import { CannotStart } from "./cannot-start.js";
import { withEnvFile } from "./env-file.js";
import { watchNpm } from "./parent.js";
import { runStack } from "./stack.js";
import { parseConfig } from "./stack-config.js";

/** npm passes on the Ctrl-C that we got from the terminal already: that is not a second one. */
const SAME_CTRL_C_MS = 1_000;

const stop = new AbortController();
let asked = 0;
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    if (stop.signal.aborted && Date.now() - asked > SAME_CTRL_C_MS) process.exit(130);
    asked ||= Date.now();
    stop.abort();
  });
}
// The watchdogs stop the parts when this process is gone.
watchNpm(process.env, () => process.exit(1));
// A terminal that was closed takes no more output.
process.stdout.on("error", () => {});

try {
  const unsafe = unsafeNodeWarning(process.version);
  if (unsafe) console.error(unsafe);
  // npm runs this in the clone, where docker compose looks for it, too.
  const env = withEnvFile(process.env, path.resolve(".env"));
  for (const unknown of unknownVariables(env)) console.error(unknownVariableWarning(unknown));
  await runStack(parseConfig(env, process.argv), console.log, stop.signal);
} catch (error) {
  if (!stop.signal.aborted) {
    const isPlain = error instanceof SettingError || error instanceof CannotStart;
    console.error(isPlain ? error.message : error);
    process.exitCode = 1;
  }
}
