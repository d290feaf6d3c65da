/**
 * WEB_AUTH=local: whoever reaches the loopback listener is the one user. A
 * browser on this machine can be made to reach it by any web site, hence:
 * - Host must be a loopback name: a site that rebinds its own name to 127.0.0.1
 *   sends its own name (https://owasp.org/www-community/attacks/DNS_Rebinding);
 * - a request that changes something must come from our own page, as Origin and
 *   Sec-Fetch-Site tell. Programs that are no browsers send neither.
 */
import type { Request, RequestHandler } from "express";
import { foreignHost } from "../local-host.js";

const SAFE_METHODS = new Set(["GET", "HEAD", "OPTIONS"]);

/** Answers 403 to what the rules above forbid. */
export const localGuard: RequestHandler = (request, response, next) => {
  const problem = refusal(request);
  if (problem === undefined) next();
  else response.status(403).json({ error: problem });
};

function refusal(request: Pick<Request, "method" | "headers">): string | undefined {
  const { host = "", origin } = request.headers;
  const foreign = foreignHost(request.headers);
  if (foreign !== undefined) {
    return `Host ${foreign} is not a name of this machine's loopback interface`;
  }
  if (SAFE_METHODS.has(request.method)) return undefined;
  if (origin !== undefined && origin !== `http://${host}`) {
    return `Requests from ${origin.slice(0, 100)} are not allowed`;
  }
  const site = request.headers["sec-fetch-site"];
  if (site !== undefined && site !== "same-origin" && site !== "none") {
    return "Requests from other sites are not allowed";
  }
  return undefined;
}
