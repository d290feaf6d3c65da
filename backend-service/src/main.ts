import { errorSerializer } from "@amp/postgres";
import {
  logUnhandled,
  SettingError,
  unknownVariables,
  unknownVariableWarning,
  unsafeNodeWarning,
} from "@amp/service";
import { pino } from "pino";
import { parseConfig, startBackend } from "./index.js";

const logger = pino({ name: "backend", serializers: { err: errorSerializer } });
logUnhandled(logger);

try {
  const config = parseConfig(process.env);
  logger.level = config.logLevel;
  const unsafe = unsafeNodeWarning(process.version);
  if (unsafe) logger.warn(unsafe);
  for (const unknown of unknownVariables(process.env)) logger.warn(unknownVariableWarning(unknown));
  const backend = await startBackend(config, { logger });
  const stop = (signal: NodeJS.Signals) => {
    logger.info({ signal }, "stopping");
    void backend[Symbol.asyncDispose]().then(() => process.exit(0));
  };
  process.once("SIGTERM", stop);
  process.once("SIGINT", stop);
} catch (error) {
  if (error instanceof SettingError) logger.fatal(error.message);
  else logger.fatal({ err: error }, "cannot start");
  process.exitCode = 1;
}
