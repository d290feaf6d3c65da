import { parseArgs } from "node:util";

/** What a soak is told. */
export interface SoakOptions {
  minutes: number;
  /** Messages a second, half of them in Slack and half on the web. */
  rate: number;
  /** Makes the choices of the load. */
  seed: number;
  backends: number;
  gateways: number;
  /** How many of the gateways Slack reaches by Socket Mode. */
  sockets: number;
  /** Conversations that go on at any time, on both surfaces together. */
  conversations: number;
  /** Settings of the services, such as short retentions. */
  settings: Record<string, string>;
  /** The folder that the report and its curves are written to. */
  out: string;
}

/** What ended is kept so shortly that what is purged and what comes are soon in balance. */
const SHORT: Record<string, string> = {
  SESSION_RETENTION: "3m",
};

/** Reads the command line. @throws an error for people to read. */
export function parseSoakOptions(args: string[]): SoakOptions {
  const { values } = parseArgs({
    args,
    options: {
      minutes: { type: "string", default: "60" },
      rate: { type: "string", default: "20" },
      seed: { type: "string", default: "1" },
      backends: { type: "string", default: "2" },
      gateways: { type: "string", default: "2" },
      sockets: { type: "string", default: "1" },
      conversations: { type: "string", default: "60" },
      setting: { type: "string", multiple: true, default: [] },
      out: { type: "string", default: "docs" },
    },
  });
  const number = (name: Exclude<keyof typeof values, "setting" | "out">, least: number) => {
    const value = Number(values[name]);
    if (!(value >= least)) throw new Error(`--${name} must be a number from ${least} on`);
    return value;
  };
  const gateways = number("gateways", 1);
  return {
    minutes: number("minutes", 0.1),
    rate: number("rate", 0.1),
    seed: number("seed", 1),
    backends: number("backends", 1),
    gateways,
    sockets: Math.min(number("sockets", 0), gateways),
    conversations: number("conversations", 2),
    settings: { ...SHORT, ...Object.fromEntries(values.setting.map(parseSetting)) },
    out: values.out,
  };
}

function parseSetting(text: string): [string, string] {
  const [, name, value] = /^([A-Z][A-Z0-9_]*)=(.*)$/.exec(text) ?? [];
  if (name === undefined || value === undefined) {
    throw new Error(`--setting must be NAME=VALUE, not ${text}`);
  }
  return [name, value];
}
