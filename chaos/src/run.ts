import { checkAnswers } from "./checks/answers.js";
import { checkInterruptions } from "./checks/interruptions.js";
import { checkAtRest, checkStop } from "./checks/leftovers.js";
import { checkMemory, Memory } from "./checks/memory.js";
import { checkQuestions } from "./checks/questions.js";
import { checkSockets } from "./checks/sockets.js";
import { checkTurns } from "./checks/turns.js";
import { Endings } from "./endings.js";
import { injectAll } from "./faults.js";
import { Load } from "./load/load.js";
import type { Options } from "./options.js";
import { buttonsOf } from "./questions.js";
import { Random } from "./random.js";
import { Log } from "./record.js";
import type { Outcome } from "./report.js";
import { planFaults, planUpgrade } from "./schedule.js";
import { settled } from "./settled.js";
import type { System } from "./system.js";

/** After the faults, everything that was accepted must be answered within this, in milliseconds. */
const CALM_MS = 120_000;
/** What is said twice is said soon. */
const LATE_MS = 5_000;

/** Load, faults and endings for so long; then calm; then the checks, and at last the stop. */
export async function run(
  system: System,
  options: Options,
  tell: (line: string) => void,
): Promise<Outcome> {
  const random = new Random(options.seed);
  const length = options.minutes * 60_000;
  const { targets } = system;
  const broken = planFaults(random.fork(), length, targets, options.only);
  const upgrades =
    options.upgradeFrom === undefined ? [] : planUpgrade(random.fork(), length, targets.service);
  const plan = [...broken, ...upgrades].sort((one, other) => one.at - other.at);
  const log = new Log();
  const load = new Load(system, log, random.fork(), options.upgradeFrom === undefined);
  const endings = new Endings(system, load, log, random.fork());
  const memory = new Memory(system);
  const over = new AbortController();
  const watching = memory.watch(over.signal);

  await load.start();
  tell(`Load is on. ${plan.length} faults in ${options.minutes} min:`);
  const faulty = new AbortController();
  const ending = endings.keepEnding(faulty.signal);
  const faults = await injectAll(system, plan, tell);
  faulty.abort();

  tell("No more faults; waiting for everything to be answered.");
  await ending;
  // While people go on; there is always somebody who waits, for a question at least.
  const sofar = log.messages;
  await settled(() => sofar.every(isSettled), CALM_MS);
  await load.stop();
  await settled(() => log.messages.every(isSettled), CALM_MS);
  tell("Ending every session that is left.");
  await endings.endAll();
  await settled(() => log.messages.every(isShown));
  await new Promise((resolve) => setTimeout(resolve, LATE_MS));

  tell("Checking.");
  over.abort();
  await watching;
  const lives = memory.longest();
  const { database } = system;
  const problems = [
    // First, since it finds out which messages need no answer.
    ...(await checkInterruptions(database, log, system.actsFile)),
    ...checkAnswers(log),
    ...(await checkTurns(database, log)),
    ...(await checkQuestions(database, log)),
    ...(await checkAtRest(system)),
    ...checkMemory(lives),
    ...checkSockets(system.slack.sockets.silences, faults, (host) => system.gatewayAt(host)),
    ...[...system.slack.refusals].map(([error, times]) => `Slack refused ${times} posts: ${error}`),
  ];
  load.close();
  endings.close();
  problems.push(...(await checkStop(system)), ...system.complaints);
  return { options, faults, log, lives, diskWasFull: database.disk.canFill, problems };
}

/** Whether its question, if there is one, shows what became of it. */
function isShown({ question }: Log["messages"][number]): boolean {
  return question?.posts.every((post) => buttonsOf(post).length === 0) ?? true;
}

function isSettled(message: Log["messages"][number]): boolean {
  const { accepted, excused, interrupted, replies } = message;
  return accepted === undefined || excused || interrupted || replies.length > 0;
}
