/** What is needed of a logger. */
export interface FaultLogger {
  error(fields: { err: unknown }, text: string): void;
  fatal(fields: { err: unknown }, text: string): void;
}

/**
 * Logs what nobody caught. A rejection that nobody handles is a bug, but no reason to
 * drop all the work of the process: it goes on. After an exception that nobody caught
 * the state of the process is unknown: it ends with exit code 1.
 */
export function logUnhandled(logger: FaultLogger): void {
  process.on("unhandledRejection", (err) => {
    logger.error({ err }, "a promise was rejected and nobody handled it");
  });
  process.on("uncaughtException", (err) => {
    logger.fatal({ err }, "an exception was not caught; the process ends");
    process.exit(1);
  });
}
