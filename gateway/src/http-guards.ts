/** What holds for every request, on whichever address it comes in, and how those that fail are answered. */
import { STATUS_CODES } from "node:http";
import type { ErrorRequestHandler, RequestHandler } from "express";
import type { Logger } from "pino";

/** Of what a stranger sent, the log and answers repeat no more characters. */
const MAX_ECHO = 200;

/** Refuses with 400 a request of two Host headers, of which each reader might believe another one. */
export const oneHost: RequestHandler = (request, response, next) => {
  const names = request.rawHeaders.filter((_, index) => index % 2 === 0);
  if (names.filter((name) => name.toLowerCase() === "host").length <= 1) return next();
  response.status(400).json({ error: "A request has one Host header" });
};

/** Answers 404 to what nobody has answered. */
export const notFound: RequestHandler = (_request, response) => {
  response.status(404).json({ error: "Not found" });
};

/**
 * Answers what a handler threw with its status alone, for the error's own text
 * may tell paths and code. A caller's mistake is a line at debug level, so that
 * strangers cannot fill the log.
 */
export function answerFailures(logger: Logger): ErrorRequestHandler {
  // Four parameters make it an error handler.
  return (error: unknown, request, response, _next) => {
    const status = statusOf(error);
    const line = { method: request.method, path: request.path.slice(0, MAX_ECHO), status };
    if (status >= 500) logger.error({ err: error, ...line }, "a request failed");
    else logger.debug({ reason: reasonOf(error), ...line }, "refused a request");
    // The client went away, or its answer was begun: there is nobody to tell.
    if (response.destroyed) return;
    if (response.headersSent) response.destroy();
    else response.status(status).json({ error: STATUS_CODES[status] ?? "Error" });
  };
}

/** The status that express and its parsers give their errors; 400 for a path that cannot be decoded. */
function statusOf(error: unknown): number {
  if (error instanceof URIError) return 400;
  const status = error instanceof Error && "status" in error ? Number(error.status) : 500;
  return status >= 400 && status < 600 && status in STATUS_CODES ? status : 500;
}

function reasonOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, MAX_ECHO);
}
