import type { Random } from "./random.js";

/** What a fault befalls. */
export type TargetType = "service" | "link" | "database" | "slack";

interface KindRules {
  on: TargetType;
  /** How often it is chosen, next to the others. */
  weight: number;
  /** Shortest and longest, in milliseconds. */
  lasts: readonly [number, number];
}

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
} as const satisfies Record<string, KindRules>;

export type FaultKind = keyof typeof RULES;

export const FAULT_KINDS = Object.keys(RULES) as FaultKind[];

/** A fault to come; times in milliseconds, `at` from the begin of the injection. */
export interface Fault {
  at: number;
  kind: FaultKind;
  target: string;
  /** How long it lasts; of a process: how long it is not started again. */
  duration: number;
  /** How bad: a slow link's latency, a clock's step, in milliseconds. */
  amount: number;
}

export type Targets = Record<TargetType, readonly string[]>;

/** Faults come so often, in milliseconds from one begin to the next. */
const PAUSE = [800, 7_000] as const;
/** A target that had a fault is left alone for so long. */
const RESPITE_MS = 2_000;

/** Plans a run with faults of these kinds. Faults of different targets overlap; those of one target do not. */
export function planFaults(
  random: Random,
  length: number,
  targets: Targets,
  kinds: readonly FaultKind[] = FAULT_KINDS,
): Fault[] {
  const drawn = kinds.flatMap((kind) => Array<FaultKind>(RULES[kind].weight).fill(kind));
  const faults: Fault[] = [];
  const busyUntil = new Map<string, number>();
  for (let at = 1_000; at < length; at += random.between(...PAUSE)) {
    const kind = random.pick(drawn);
    const { on, lasts } = RULES[kind];
    const target = random.pick(targets[on]);
    const duration = random.between(lasts[0], lasts[1]);
    const amount = kind === "clock step" ? clockStep(random) : random.between(50, 400);
    if ((busyUntil.get(target) ?? 0) > at) continue;
    busyUntil.set(target, at + duration + RESPITE_MS);
    faults.push({ at, kind, target, duration, amount });
  }
  return faults;
}

/** Up to an hour, forth or back. */
function clockStep(random: Random): number {
  return random.between(10_000, 3_600_000) * random.pick([1, -1]);
}
