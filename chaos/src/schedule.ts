import type { Random } from "./random.js";

/**
 * What a fault befalls. `gateway` names some of `service`, and `databaseLink` their
 * links to the database: they have transactions of several steps.
 */
export type TargetType =
  | "service"
  | "gateway"
  | "link"
  | "databaseLink"
  | "database"
  | "slack"
  | "sockets";

interface KindRules {
  on: TargetType;
  /** Shortest and longest, in milliseconds. */
  lasts: readonly [number, number];
  /** The range of `amount`. */
  amount?: readonly [number, number];
  /** A frequent kind: how often it is drawn, next to the others. */
  weight?: number;
  /** A rare kind: milliseconds from one to the next, on average. */
  every?: number;
}

/** Longer than every lease (30 s) and most time-outs; the longest in milliseconds. */
const LONG = [35_000, 90_000] as const;
const MINUTE = 60_000;

const RULES = {
  "kill -9": { on: "service", weight: 5, lasts: [200, 3_000] },
  "SIGTERM, restart": { on: "service", weight: 4, lasts: [100, 2_000] },
  "freeze (SIGSTOP)": { on: "service", weight: 4, lasts: [500, 12_000] },
  "clock step": { on: "service", weight: 2, lasts: [3_000, 15_000] },
  "Postgres restart": { on: "database", weight: 2, lasts: [0, 2_000] },
  "Postgres kill -9": { on: "database", weight: 2, lasts: [0, 2_000] },
  "disk full": { on: "database", weight: 2, lasts: [1_000, 6_000] },
  "connections cut": { on: "link", weight: 5, lasts: [200, 6_000] },
  "connections refused": { on: "link", weight: 2, lasts: [1_000, 6_000] },
  "link mute": { on: "link", weight: 5, lasts: [500, 12_000] },
  "link slow": { on: "link", weight: 3, lasts: [2_000, 10_000] },
  "Slack loses answers": { on: "slack", weight: 2, lasts: [2_000, 6_000] },
  "Slack answers 429": { on: "slack", weight: 2, lasts: [2_000, 6_000] },
  "Slack answers 500": { on: "slack", weight: 2, lasts: [1_000, 4_000] },
  "Slack shows posts late": {
    on: "slack",
    weight: 2,
    lasts: [2_000, 6_000],
    amount: [300, 6_000],
  },
  "Slack refuses the token": { on: "slack", every: 5 * MINUTE, lasts: [2_000, 40_000] },
  "sockets renewed": { on: "sockets", weight: 2, lasts: [500, 8_000] },
  "sockets silent": { on: "sockets", every: 4 * MINUTE, lasts: LONG },
  "long freeze": { on: "service", every: 4 * MINUTE, lasts: LONG },
  "freeze in a transaction": { on: "gateway", every: 4 * MINUTE, lasts: LONG },
  "long mute": { on: "link", every: 4 * MINUTE, lasts: LONG },
  "mute in a transaction": { on: "databaseLink", every: 4 * MINUTE, lasts: LONG },
  "Postgres freeze": { on: "database", every: 7 * MINUTE, lasts: LONG },
  "Postgres process freeze": { on: "database", every: 5 * MINUTE, lasts: LONG },
} as const satisfies Record<string, KindRules>;

export type FaultKind = keyof typeof RULES;

export const FAULT_KINDS = Object.keys(RULES) as FaultKind[];

/** A fault to come; times in milliseconds, `at` from the begin of the injection. */
export interface Fault {
  at: number;
  kind: FaultKind | "upgrade";
  target: string;
  /** How long it lasts; of a process: how long it is not started again. */
  duration: number;
  /**
   * How bad: a slow link's latency, a clock's step, how late a post is shown, in
   * milliseconds; else it decides between the variants of a kind.
   */
  amount: number;
}

export type Targets = Record<TargetType, readonly string[]>;

/** Faults come so often, in milliseconds from one begin to the next. */
const PAUSE = [800, 7_000] as const;
/** A target that had a fault is left alone for so long. */
const RESPITE_MS = 2_000;

/**
 * Plans a run with faults of these kinds. Faults of different targets overlap;
 * those of one target do not. The rare ones are placed first, and the frequent ones
 * around them.
 */
export function planFaults(
  random: Random,
  length: number,
  targets: Targets,
  kinds: readonly FaultKind[] = FAULT_KINDS,
): Fault[] {
  const possible = kinds.filter((kind) => targets[RULES[kind].on].length > 0);
  const faults: Fault[] = [];
  const plan = (at: number, kind: FaultKind) => {
    const fault = drawFault(random, at, kind, targets);
    if (faults.some((other) => collide(fault, other))) return false;
    faults.push(fault);
    return true;
  };
  for (const kind of possible) {
    const { every = 0 }: KindRules = RULES[kind];
    if (every === 0) continue;
    const times = timesOf(random, length / every, kinds.length < FAULT_KINDS.length);
    for (let turn = 0; turn < times; turn++) {
      const from = 1_000 + (turn * length) / times;
      // Where one is in the way, some other time of the same stretch will do.
      for (let tries = 0; tries < 20; tries++) {
        if (plan(random.between(from, from + Math.max(0, length / times - 2_000)), kind)) break;
      }
    }
  }
  const drawn = possible.flatMap((kind) => {
    const { weight = 0 }: KindRules = RULES[kind];
    return Array<FaultKind>(weight).fill(kind);
  });
  if (drawn.length > 0) {
    for (let at = 1_000; at < length; at += random.between(...PAUSE)) plan(at, random.pick(drawn));
  }
  return faults.sort((one, other) => one.at - other.at);
}

/** How often a rare kind comes: as often as it should, and once if it was chosen; else, in a short run, perhaps. */
function timesOf(random: Random, expected: number, isChosen: boolean): number {
  if (expected >= 1 || isChosen) return Math.max(1, Math.round(expected));
  return random.chance(100 * expected) ? 1 : 0;
}

/** Plans that every service is replaced by its next version, one after the other, in the middle of the run. */
export function planUpgrade(random: Random, length: number, services: readonly string[]): Fault[] {
  const order = [...services].sort();
  const step = length / 2 / order.length;
  const faults: Fault[] = [];
  while (order.length > 0) {
    const target = random.pick(order);
    order.splice(order.indexOf(target), 1);
    const at = length / 4 + faults.length * step;
    faults.push({ at, kind: "upgrade", target, duration: random.between(0, 2_000), amount: 0 });
  }
  return faults;
}

function drawFault(random: Random, at: number, kind: FaultKind, targets: Targets): Fault {
  const { on, lasts, amount = [50, 400] }: KindRules = RULES[kind];
  return {
    at,
    kind,
    target: random.pick(targets[on]),
    duration: random.between(lasts[0], lasts[1]),
    amount: kind === "clock step" ? clockStep(random) : random.between(amount[0], amount[1]),
  };
}

/** Whether two faults befall one target at the same time, or one soon after the other. */
function collide(one: Fault, other: Fault): boolean {
  if (one.target !== other.target) return false;
  return (
    one.at < other.at + other.duration + RESPITE_MS && other.at < one.at + one.duration + RESPITE_MS
  );
}

/** Up to an hour, forth or back. */
function clockStep(random: Random): number {
  return random.between(10_000, 3_600_000) * random.pick([1, -1]);
}
