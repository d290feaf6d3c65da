import { errorSerializer } from "@amp/postgres";
import {
  logUnhandled,
  SettingError,
  unknownVariables,
  unknownVariableWarning,
  unsafeNodeWarning,
} from "@amp/service";
import { pino } from "pino";
import { parseConfig } from "./config.js";
import { type Gateway, startGateway } from "./gateway.js";

/** Drains, then leaves; whatever a library still holds open must not keep the process. */
async function stop(gateway: Gateway): Promise<void> {
  try {
    await gateway[Symbol.asyncDispose]();
  } finally {
    process.exit();
  }
}

for (const unknown of unknownVariables(process.env)) {
  process.stderr.write(`${unknownVariableWarning(unknown)}\n`);
}
try {
  const config = parseConfig(process.env);
  const serializers = { err: errorSerializer };
  const logger = pino({ name: "gateway", level: config.logLevel, serializers });
  logUnhandled(logger);
  const unsafe = unsafeNodeWarning(process.version);
  if (unsafe) logger.warn(unsafe);
  const gateway = await startGateway(config, { logger });
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.once(signal, () => {
      void stop(gateway);
    });
  }
} catch (error) {
  if (!(error instanceof SettingError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
