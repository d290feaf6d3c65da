import { percentile } from "../statistics.js";
import type { SoakOptions } from "./options.js";
import type { Samples, Series } from "./samples.js";
import { trendOf } from "./verdict.js";

/** What a soak showed. */
export interface SoakOutcome {
  options: SoakOptions;
  samples: Samples;
  /** Messages that were sent. */
  sent: number;
  /** Messages that could not be sent in time, since every conversation waited for answers. */
  missed: number;
  problems: string[];
}

/** The report of a soak, as Markdown; `picture` is the name of the file with its curves. */
export function soakReport(outcome: SoakOutcome, picture: string): string {
  const { options, samples, sent, missed, problems } = outcome;
  const { minutes, rate, seed, backends, gateways, sockets, conversations, settings } = options;
  const given = Object.entries(settings).map(([name, value]) => `--setting ${name}=${value}`);
  const verdict = problems.length === 0 ? "everything is flat" : `**${problems.length} problems**`;
  const time = (percent: number) => `${percentile(samples.latencies, percent).toFixed(0)} ms`;
  return [
    `### ${minutes} min at ${rate} messages a second: ${verdict}`,
    "",
    `\`npm run soak -- --minutes ${minutes} --rate ${rate} --seed ${seed} --backends ${backends} --gateways ${gateways} --sockets ${sockets} --conversations ${conversations} ${given.join(" ")}\``,
    "",
    `${sent} messages were sent${missed > 0 ? `, ${missed} could not be in time` : ""}. From acceptance to answer: ${time(50)} median, ${time(95)} at the 95th percentile, ${time(99)} at the 99th, ${time(100)} at worst.`,
    "",
    `![Memory, tables and latency over time](${picture})`,
    "",
    ...problems.map((problem) => `- ${problem}`),
    ...(problems.length > 0 ? [""] : []),
    ...table("memory of a process", samples.memory.series),
    ...table("size of a table", samples.sizes.series),
    ...table("rows of a table", samples.rows.series),
    ...table("connections to PostgreSQL", samples.connections.series),
    ...table("open handles of a process", samples.handles.series),
  ].join("\n");
}

function table(what: string, all: readonly Series[]): string[] {
  if (all.length === 0) return [];
  const [{ unit } = { unit: "" }] = all;
  const head = unit === "" ? what : `${what}, ${unit}`;
  return [
    `| ${head} | first minute | mean of the second half | growth over the second half |`,
    "|---|---:|---:|---:|",
    ...all.map((series) => {
      const { name, mean, growth, isFlat } = trendOf(series);
      const first = series.values.slice(0, 6).findLast((value) => !Number.isNaN(value));
      const grown = isFlat ? number(growth) : `**${number(growth)}**`;
      return `| ${name} | ${number(first)} | ${number(mean)} | ${grown} |`;
    }),
    "",
  ];
}

function number(value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return "-";
  const rounded = Math.abs(value) < 100 ? value.toFixed(1) : value.toFixed(0);
  return rounded.replace(/^-(0\.0|0)$/, "$1");
}
