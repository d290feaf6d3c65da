import type { Injected } from "../faults.js";
import type { Silence } from "../slack/sockets.js";

/** Within so long an app must give up a connection that fell silent, in milliseconds: a minute is promised. */
const MOST_MS = 65_000;

/**
 * Whether each connection that fell silent was given up in time, unless its gateway
 * had another fault meanwhile. `gatewayAt` names the gateway that reaches Slack there.
 */
export function checkSockets(
  silences: readonly Silence[],
  faults: readonly Injected[],
  gatewayAt: (host: string) => string | undefined,
): string[] {
  return silences.flatMap(({ host, begun, noticed }) => {
    const gateway = gatewayAt(host) ?? host;
    const took = (noticed ?? Number.POSITIVE_INFINITY) - begun;
    const isExcused = faults.some(
      ({ target, kind, ...fault }) =>
        kind !== "sockets silent" &&
        target.split(" ").includes(gateway) &&
        fault.begun < begun + MOST_MS &&
        fault.over > begun,
    );
    if (took <= MOST_MS || isExcused) return [];
    return [`${gateway} kept a silent socket for ${(took / 1_000).toFixed(0)} s`];
  });
}
