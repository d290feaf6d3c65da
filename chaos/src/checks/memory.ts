import { execFile } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { median } from "../statistics.js";
import type { System } from "../system.js";

const run = promisify(execFile);

const SAMPLE_MS = 5_000;
/** A new process still loads and compiles: 30 s. */
const WARM_UP = 6;
/** A process that lived for less tells nothing: 60 s after that. */
const FEWEST = 12;
/** Growth from the first third of a life to its last that is no mere noise of the garbage collector. */
const GROWTH = { factor: 1.5, mb: 50 };

/** What a process took over its life. */
export interface Life {
  service: string;
  /** Megabytes resident, every 5 s. */
  samples: number[];
}

/** Watches how much memory the services take, each process by itself. */
export class Memory {
  private readonly lives = new Map<number, Life>();

  constructor(private readonly system: System) {}

  async watch(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.sample();
      await delay(SAMPLE_MS, undefined, { signal }).catch(() => {});
    }
  }

  private async sample(): Promise<void> {
    const names = new Map<number, string>();
    for (const { pid, name } of this.system.allServices()) if (pid) names.set(pid, name);
    const { stdout } = await run("ps", [
      "-o",
      "pid=,rss=",
      "-p",
      [...names.keys()].join(","),
    ]).catch(() => ({ stdout: "" }));
    for (const line of stdout.trim().split("\n")) {
      const [pid = 0, kilobytes = 0] = line.trim().split(/\s+/).map(Number);
      const service = names.get(pid);
      if (service === undefined) continue;
      const life = this.lives.get(pid) ?? { service, samples: [] };
      this.lives.set(pid, life);
      life.samples.push(kilobytes / 1_024);
    }
  }

  /** The longest life of each service, without its warm-up; none that was too short. */
  longest(): Life[] {
    const longest = new Map<string, Life>();
    for (const life of this.lives.values()) {
      const { service, samples } = life;
      if (samples.length < WARM_UP + FEWEST) continue;
      if (samples.length > (longest.get(service)?.samples.length ?? 0)) longest.set(service, life);
    }
    return [...longest.values()].map(({ service, samples }) => ({
      service,
      samples: samples.slice(WARM_UP),
    }));
  }
}

/** Median of the first and of the last third of a life, in megabytes. */
export function trend({ samples }: Life): { first: number; last: number } {
  const third = Math.floor(samples.length / 3);
  return { first: median(samples.slice(0, third)), last: median(samples.slice(-third)) };
}

/** Whether no process grows. */
export function checkMemory(lives: Life[]): string[] {
  return lives.flatMap((life) => {
    const { first, last } = trend(life);
    if (last < first * GROWTH.factor || last < first + GROWTH.mb) return [];
    return [`${life.service} grew from ${first.toFixed(0)} to ${last.toFixed(0)} MB`];
  });
}
