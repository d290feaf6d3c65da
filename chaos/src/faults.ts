import { setTimeout as delay } from "node:timers/promises";
import type { Fault, FaultKind } from "./schedule.js";
import type { System } from "./system.js";

/** A process that was asked to stop gets so long before it is killed, in milliseconds. */
const PATIENCE_MS = 20_000;

type Break = (system: System, fault: Fault) => Promise<void>;

/** Each breaks something, and resolves when it is whole again. */
const BREAKS: Record<FaultKind, Break> = {
  "kill -9": async (system, { target, duration }) => {
    const service = system.service(target);
    await service.kill();
    await delay(duration);
    service.start();
    await service.ready();
  },
  "SIGTERM, restart": async (system, { target, duration }) => {
    const service = system.service(target);
    if ((await service.terminate(PATIENCE_MS)) === undefined) {
      system.complain(`${target} did not stop within ${PATIENCE_MS / 1_000} s of SIGTERM`);
    }
    await delay(duration);
    service.start();
    await service.ready();
  },
  "freeze (SIGSTOP)": async (system, { target, duration }) => {
    const service = system.service(target);
    service.signal("SIGSTOP");
    await delay(duration);
    service.signal("SIGCONT");
  },
  "clock step": async (system, { target, duration, amount }) => {
    await system.stepClock(target, amount);
    await delay(duration);
    await system.stepClock(target, 0);
  },
  "Postgres restart": ({ database }, { duration }) => database.restart("SIGINT", duration),
  "Postgres kill -9": ({ database }, { duration }) => database.restart("SIGKILL", duration),
  "disk full": async ({ database }, { duration }) => {
    const { disk } = database;
    await (disk.canFill ? disk.fill() : database.refuseWrites(true));
    await delay(duration);
    await (disk.canFill ? disk.free() : database.refuseWrites(false));
  },
  "connections cut": async (system, { target, duration }) => {
    const link = system.link(target);
    link.cut();
    await delay(duration);
    await link.restore();
  },
  "connections refused": async (system, { target, duration }) => {
    const link = system.link(target);
    link.refuse();
    await delay(duration);
    await link.restore();
  },
  "link mute": async (system, { target, duration }) => {
    const link = system.link(target);
    link.mute();
    await delay(duration);
    await link.restore();
  },
  "link slow": async (system, { target, duration, amount }) => {
    const link = system.link(target);
    link.slow(amount);
    await delay(duration);
    await link.restore();
  },
  "Slack loses answers": ({ slack }, { duration }) => slack.misbehave("lost", duration),
  "Slack answers 429": ({ slack }, { duration }) => slack.misbehave("limited", duration),
  "Slack answers 500": ({ slack }, { duration }) => slack.misbehave("failing", duration),
};

/** A fault as it was; times in milliseconds of the run. */
export interface Injected extends Fault {
  begun: number;
  /** When what it broke was whole again. */
  over: number;
}

/**
 * Injects the faults at their times, but not before the last one of the same
 * target is over: until then there is nothing whole to break. Resolves when all
 * are over.
 */
export async function injectAll(
  system: System,
  faults: readonly Fault[],
  tell: (line: string) => void,
): Promise<Injected[]> {
  const begin = performance.now();
  const last = new Map<string, Promise<unknown>>();
  return Promise.all(
    faults.map((fault) => {
      const injected = inject(fault, last.get(fault.target));
      last.set(fault.target, injected);
      return injected;
    }),
  );

  async function inject(fault: Fault, before: Promise<unknown> | undefined): Promise<Injected> {
    await delay(begin + fault.at - performance.now());
    await before;
    const begun = performance.now();
    tell(`${fault.kind}: ${fault.target}, ${(fault.duration / 1_000).toFixed(1)} s`);
    await BREAKS[fault.kind](system, fault);
    return { ...fault, begun, over: performance.now() };
  }
}
