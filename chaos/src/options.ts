import { parseArgs } from "node:util";
import { FAULT_KINDS, type FaultKind } from "./schedule.js";

/** What a run is told. */
export interface Options {
  /** How long faults are injected; start, calm and checks come on top. */
  minutes: number;
  /** Makes the schedule of the faults, and the choices of the load. */
  seed: number;
  backends: number;
  gateways: number;
  /** Which kinds of faults to inject; all by default. */
  only: readonly FaultKind[];
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
  return {
    minutes: positive("minutes"),
    seed: positive("seed"),
    backends: positive("backends"),
    gateways: positive("gateways"),
    only,
  };
}
