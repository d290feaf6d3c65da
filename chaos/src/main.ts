/** `npm run chaos -- [--minutes N] [--seed S] [--backends N] [--gateways N] [--sockets N] [--only KIND]...` */
import { parseOptions } from "./options.js";
import { report } from "./report.js";
import { run } from "./run.js";
import { System } from "./system.js";
import { buildVersion, THIS_ROOT } from "./versions.js";

const options = parseOptions(process.argv.slice(2));
const begun = performance.now();
const tell = (line: string) =>
  console.error(`${((performance.now() - begun) / 1_000).toFixed(1).padStart(7)} s  ${line}`);

tell(
  `Seed ${options.seed}, ${options.backends} backends, ${options.gateways} gateways, ${options.sockets} of them by Socket Mode.`,
);
const { upgradeFrom } = options;
if (upgradeFrom !== undefined) tell(`Building the version of ${upgradeFrom}.`);
await using before = upgradeFrom === undefined ? undefined : await buildVersion(upgradeFrom);
const root = before?.root ?? THIS_ROOT;
const system = await System.start({ ...options, root, settings: {} });
try {
  tell(`Everything runs; logs are in ${system.logDir}`);
  const outcome = await run(system, options, tell);
  console.log(report(outcome));
  if (outcome.problems.length > 0) {
    console.error(`\nseed ${options.seed}:`);
    for (const problem of outcome.problems) console.error(`- ${problem}`);
    process.exitCode = 1;
  } else await system.dropLogs();
} finally {
  await system[Symbol.asyncDispose]();
}
