import { setTimeout as delay } from "node:timers/promises";
import type { Fault } from "./schedule.js";
import type { System } from "./system.js";
import { strikeInTransaction } from "./transactions.js";
import { THIS_ROOT } from "./versions.js";

/** A process that was asked to stop gets so long before it is killed, in milliseconds. */
const PATIENCE_MS = 20_000;

/** What a fault resolves with that found no occasion. */
const MISSED = Symbol("missed");

type Break = (system: System, fault: Fault) => Promise<unknown>;

/** Each breaks something, and resolves when it is whole again. */
const BREAKS: Record<Fault["kind"], Break> = {
  upgrade: async (system, { target, duration }) => {
    const service = system.service(target);
    await service.terminate(PATIENCE_MS);
    service.root = THIS_ROOT;
    await delay(duration);
    service.start();
    await service.ready();
  },
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
  "freeze (SIGSTOP)": freezeService,
  "long freeze": freezeService,
  "freeze in a transaction": async (system, { target, duration }) => {
    const service = system.service(target);
    const stroke = {
      begin: () => service.signal("SIGSTOP"),
      undo: () => service.signal("SIGCONT"),
    };
    const caught = await strikeInTransaction(system, target, stroke, duration);
    return caught ? undefined : MISSED;
  },
  "clock step": async (system, { target, duration, amount }) => {
    await system.stepClock(target, amount);
    await delay(duration);
    await system.stepClock(target, 0);
  },
  "Postgres restart": ({ database }, { duration }) => database.restart("SIGINT", duration),
  "Postgres kill -9": ({ database }, { duration }) => database.restart("SIGKILL", duration),
  "Postgres freeze": ({ database }, { duration }) => database.freeze(duration),
  "Postgres process freeze": ({ database }, { duration, amount }) =>
    database.freezeProcess(amount, duration),
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
  "link mute": muteLink,
  "long mute": muteLink,
  "mute in a transaction": async (system, { target, duration }) => {
    const link = system.link(target);
    const stroke = { begin: () => link.mute(), undo: () => link.restore() };
    const caught = await strikeInTransaction(system, link.from, stroke, duration);
    return caught ? undefined : MISSED;
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
  "Slack refuses the token": ({ slack }, { duration }) => slack.misbehave("refusing", duration),
  "Slack shows posts late": ({ slack }, { duration, amount }) =>
    slack.misbehave("late", duration, amount),
  "sockets renewed": ({ slack }, { duration, amount }) => slack.sockets.renew(amount, duration),
  "sockets silent": ({ slack }, { duration }) => slack.sockets.silence(duration),
};

async function freezeService(system: System, { target, duration }: Fault): Promise<void> {
  const service = system.service(target);
  service.signal("SIGSTOP");
  await delay(duration);
  service.signal("SIGCONT");
}

async function muteLink(system: System, { target, duration }: Fault): Promise<void> {
  const link = system.link(target);
  link.mute();
  await delay(duration);
  await link.restore();
}

/** A fault as it was; times in milliseconds of the run. */
export interface Injected extends Fault {
  begun: number;
  /** When what it broke was whole again. */
  over: number;
}

/**
 * Injects the faults at their times, but not before the last one of the same
 * target is over: until then there is nothing whole to break. Resolves when all
 * are over. Those that found no occasion are left out.
 */
export async function injectAll(
  system: System,
  faults: readonly Fault[],
  tell: (line: string) => void,
): Promise<Injected[]> {
  const begin = performance.now();
  const last = new Map<string, Promise<unknown>>();
  const injected = await Promise.all(
    faults.map((fault) => {
      const injected = inject(fault, last.get(fault.target));
      last.set(fault.target, injected);
      return injected;
    }),
  );
  return injected.flatMap((each) => each ?? []);

  async function inject(
    fault: Fault,
    before: Promise<unknown> | undefined,
  ): Promise<Injected | undefined> {
    await delay(begin + fault.at - performance.now());
    await before;
    const begun = performance.now();
    tell(`${fault.kind}: ${fault.target}, ${(fault.duration / 1_000).toFixed(1)} s`);
    if ((await BREAKS[fault.kind](system, fault)) === MISSED) {
      tell(`${fault.kind}: ${fault.target} was never in a transaction`);
      return undefined;
    }
    return { ...fault, begun, over: performance.now() };
  }
}
