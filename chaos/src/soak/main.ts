/** `npm run soak -- [--minutes N] [--rate N] [--seed S] [--backends N] [--gateways N] [--sockets N] [--conversations N] [--setting NAME=VALUE]... [--out FOLDER]` */
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { checkAnswers } from "../checks/answers.js";
import { checkAtRest, checkStop } from "../checks/leftovers.js";
import { Random } from "../random.js";
import { Log } from "../record.js";
import { System } from "../system.js";
import { THIS_ROOT } from "../versions.js";
import { chart } from "./chart.js";
import { SteadyLoad } from "./load.js";
import { parseSoakOptions, type SoakOptions } from "./options.js";
import { soakReport } from "./report.js";
import { Samples } from "./samples.js";
import { growing } from "./verdict.js";

const PICTURE = "soak.svg";
/** Tables are many; these are the ones to look at. */
const LARGEST = 8;

const options = parseSoakOptions(process.argv.slice(2));
const begun = performance.now();
const tell = (line: string) =>
  console.error(`${((performance.now() - begun) / 1_000).toFixed(1).padStart(7)} s  ${line}`);

const system = await System.start({ ...options, root: THIS_ROOT });
try {
  tell(`Everything runs; logs are in ${system.logDir}`);
  const problems = await soak(system, options);
  for (const problem of problems) console.error(`- ${problem}`);
  if (problems.length > 0) process.exitCode = 1;
  else await system.dropLogs();
} finally {
  await system[Symbol.asyncDispose]();
}

/** Load and samples for so long, then the checks and the report. Returns what is wrong. */
async function soak(system: System, options: SoakOptions): Promise<string[]> {
  const { minutes, rate, conversations, seed, out } = options;
  const log = new Log();
  const load = new SteadyLoad(system, log, new Random(seed));
  const samples = new Samples(system, load);
  const over = new AbortController();
  await load.start(conversations);
  tell(`${conversations} conversations go on; ${rate} messages a second for ${minutes} min.`);
  const watching = samples.watch(over.signal);
  await load.run(rate, minutes * 60_000);
  over.abort();
  await watching;
  tell("Ending every conversation.");
  await load.stop();
  tell("Checking.");
  const { memory, handles, sizes, rows, connections } = samples;
  const problems = [
    ...growing([memory, handles, sizes, rows, connections].flatMap(({ series }) => series)),
    ...checkAnswers(log),
    ...(await checkAtRest(system)),
  ];
  load.close();
  problems.push(...(await checkStop(system)), ...system.complaints);
  const outcome = { options, samples, sent: log.messages.length, missed: load.missed, problems };
  const bySize = [...sizes.series].sort((one, other) => last(other.values) - last(one.values));
  await mkdir(out, { recursive: true });
  const picture = chart(samples.times, [
    { title: "Memory of each process, MB", series: memory.series },
    { title: "Largest tables, MB", series: bySize.slice(0, LARGEST) },
    { title: "From acceptance to answer, ms", series: samples.latency.series },
  ]);
  await writeFile(path.join(out, PICTURE), picture);
  const text = soakReport(outcome, PICTURE);
  await writeFile(path.join(out, "soak.md"), text);
  console.log(text);
  return problems;
}

function last(values: readonly number[]): number {
  return values.at(-1) ?? 0;
}
