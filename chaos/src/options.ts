import { parseArgs } from "node:util";
import { Random } from "./random.js";
import { FAULT_KINDS, type FaultKind } from "./schedule.js";

/** What a run is told. */
export interface Options {
  /** How long faults are injected; start, calm and checks come on top. */
  minutes: number;
  /** Makes the schedule of the faults, and the choices of the load. */
  seed: number;
  backends: number;
  gateways: number;
  /** How many of the gateways Slack reaches by Socket Mode; it calls the others over HTTP. */
  sockets: number;
  /** Which kinds of faults to inject; all by default. */
  only: readonly FaultKind[];
  /** The commit whose version everything is started from, to be upgraded to this one in mid-run. */
  upgradeFrom: string | undefined;
}

/** Reads the command line. @throws an error for people to read. */
export function parseOptions(args: string[]): Options {
  const { values } = parseArgs({
    args,
    options: {
      minutes: { type: "string", default: "5" },
      seed: { type: "string", default: String(1 + Math.floor(Math.random() * 999_999)) },
      backends: { type: "string", default: "3" },
      gateways: { type: "string", default: "2" },
      sockets: { type: "string" },
      "upgrade-from": { type: "string" },
      only: { type: "string", multiple: true, default: [...FAULT_KINDS] },
    },
  });
  const only = FAULT_KINDS.filter((kind) => values.only.includes(kind));
  if (only.length < new Set(values.only).size) {
    throw new Error(`--only must be one of: ${FAULT_KINDS.join("; ")}`);
  }
  const positive = (name: "minutes" | "seed" | "backends" | "gateways") => {
    const value = Number(values[name]);
    if (!(value > 0)) throw new Error(`--${name} must be a number above 0`);
    return value;
  };
  const seed = positive("seed");
  const gateways = positive("gateways");
  return {
    minutes: positive("minutes"),
    seed,
    backends: positive("backends"),
    gateways,
    sockets: socketGateways(values.sockets, seed, gateways),
    only,
    upgradeFrom: values["upgrade-from"],
  };
}

/** As told, or some or all of the gateways, chosen by the seed. */
function socketGateways(told: string | undefined, seed: number, gateways: number): number {
  if (told === undefined) return new Random(seed).between(1, gateways);
  const value = Number(told);
  if (Number.isInteger(value) && value >= 0 && value <= gateways) return value;
  throw new Error(`--sockets must be a number from 0 to ${gateways}`);
}
