import type { IncomingHttpHeaders } from "node:http";
import { isIP } from "node:net";
import { isLoopback } from "@amp/service";
import type { RequestHandler } from "express";

/**
 * The name under which a request reached this machine, if it is not one of its
 * loopback interface: by Host, or by X-Forwarded-Host, as proxies that write a
 * Host of their own keep the original in that.
 */
export function foreignHost(headers: IncomingHttpHeaders): string | undefined {
  return hostsOf(headers)
    .find((host) => !isLocalHost(host))
    ?.slice(0, MAX_ECHO);
}

/**
 * Whether the request may come from a page of another web site that had its own
 * name lead here (https://owasp.org/www-community/attacks/DNS_Rebinding). Such a
 * page cannot choose an address, nor a name without a dot, as those of services
 * in a container network are.
 * @param known further names that are no such site's
 */
export function mayBeRebound(headers: IncomingHttpHeaders, known: string[]): boolean {
  return hostsOf(headers).some((header) => {
    const host = hostname(header);
    if (host === undefined) return true;
    return isIP(host) === 0 && host.includes(".") && !known.includes(host);
  });
}

/** Answers 403 to a request under any name but those of the loopback interface. */
export const localNames: RequestHandler = (request, response, next) => {
  if (foreignHost(request.headers) === undefined) next();
  else response.status(403).json({ error: "Only under a name of this machine" });
};

/** Whether a Host header names the loopback interface, at any port (it may be forwarded). */
export function isLocalHost(header: string): boolean {
  const host = hostname(header);
  return host !== undefined && isLoopback({ host, port: 0 });
}

/** What an answer repeats of a Host header, in characters. */
const MAX_ECHO = 100;

function hostsOf(headers: IncomingHttpHeaders): string[] {
  const forwarded = [headers["x-forwarded-host"] ?? []].flat().join(",");
  const hosts = [headers.host ?? "", ...forwarded.split(",").filter(Boolean)];
  return hosts.map((host) => host.trim());
}

function hostname(header: string): string | undefined {
  const [, bracketed, name] = /^(?:\[([\da-f:.]+)\]|([^:[\]]+))(?::\d+)?$/i.exec(header) ?? [];
  return (bracketed ?? name)?.toLowerCase();
}
