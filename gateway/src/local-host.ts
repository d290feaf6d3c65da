import type { IncomingHttpHeaders } from "node:http";
import { isLoopback } from "@amp/service";

/**
 * The name under which a request reached this machine, if it is not one of its
 * loopback interface: by Host, or by X-Forwarded-Host, as proxies that write a
 * Host of their own keep the original in that.
 */
export function foreignHost(headers: IncomingHttpHeaders): string | undefined {
  const forwarded = [headers["x-forwarded-host"] ?? []].flat().join(",");
  const hosts = [headers.host ?? "", ...forwarded.split(",").filter(Boolean)];
  return hosts.map((host) => host.trim()).find((host) => !isLocalHost(host));
}

/** Whether a Host header names the loopback interface, at any port (it may be forwarded). */
export function isLocalHost(header: string): boolean {
  const [, bracketed, name] = /^(?:\[([\da-f:.]+)\]|([^:[\]]+))(?::\d+)?$/i.exec(header) ?? [];
  const host = (bracketed ?? name)?.toLowerCase();
  return host !== undefined && isLoopback({ host, port: 0 });
}
