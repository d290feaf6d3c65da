import { type Life, trend } from "./checks/memory.js";
import type { Injected } from "./faults.js";
import type { Options } from "./options.js";
import { type Log, latency, type Message } from "./record.js";
import { FAULT_KINDS } from "./schedule.js";
import { median, percentile, worst } from "./statistics.js";

/** What a run showed. */
export interface Outcome {
  options: Options;
  faults: Injected[];
  log: Log;
  lives: Life[];
  /** Whether "disk full" was one; else Postgres was told to refuse writes. */
  diskWasFull: boolean;
  problems: string[];
}

/** The report of a run, as Markdown. */
export function report({ options, faults, log, lives, diskWasFull, problems }: Outcome): string {
  const { minutes, seed, backends, gateways, sockets, only, upgradeFrom } = options;
  const kinds =
    only.length < FAULT_KINDS.length ? only.map((kind) => ` --only "${kind}"`).join("") : "";
  const upgrade = upgradeFrom === undefined ? "" : ` --upgrade-from ${upgradeFrom}`;
  const verdict = problems.length === 0 ? "everything held" : `**${problems.length} problems**`;
  return [
    `### Seed ${seed}: ${faults.length} faults in ${minutes} min, ${verdict}`,
    "",
    `\`npm run chaos -- --minutes ${minutes} --seed ${seed} --backends ${backends} --gateways ${gateways} --sockets ${sockets}${kinds}${upgrade}\``,
    "",
    ...messageTable(log, faults),
    "",
    ...faultTable(log, faults, diskWasFull),
    "",
    questionLine(log),
    "",
    endingLine(log),
    "",
    ...memoryTable(lives),
  ].join("\n");
}

function messageTable(log: Log, faults: Injected[]): string[] {
  const rows = (["slack", "web"] as const).map((surface) => {
    const messages = log.messages.filter(({ conversation }) => conversation.surface === surface);
    const accepted = messages.filter((each) => each.accepted !== undefined);
    const answered = accepted.filter(({ replies }) => replies.length > 0);
    const calm = answered.filter((message) => !faults.some((fault) => overlaps(message, fault)));
    const latencies = answered.filter(({ asks }) => !asks).map(latency);
    return row(
      surface,
      messages.length,
      accepted.length,
      answered.length,
      accepted.filter(
        ({ excused, interrupted, replies }) => excused && !interrupted && replies.length === 0,
      ).length,
      accepted.filter(({ interrupted }) => interrupted).length,
      time(median(calm.filter(({ asks }) => !asks).map(latency))),
      time(median(latencies)),
      time(percentile(latencies, 95)),
      time(worst(latencies)),
    );
  });
  return [
    row(
      "messages",
      "sent",
      "accepted",
      "answered",
      "cut off by an ending",
      "interrupted",
      "median without fault",
      "median",
      "95 %",
      "worst",
    ),
    `|---|${"---:|".repeat(9)}`,
    ...rows,
  ];
}

function faultTable(log: Log, faults: Injected[], diskWasFull: boolean): string[] {
  // How long people take to answer a question says nothing.
  const accepted = log.messages.filter((each) => each.accepted !== undefined && !each.asks);
  const rows = ([...FAULT_KINDS, "upgrade"] as const).flatMap((kind) => {
    const some = faults.filter((fault) => fault.kind === kind);
    if (some.length === 0) return [];
    const lasted = some.map(({ begun, over }) => over - begun);
    const recoveries = some.map((fault) => recovery(accepted, fault));
    return row(
      kind === "disk full" && !diskWasFull ? "writes refused" : kind,
      some.length,
      time(median(lasted)),
      time(median(recoveries)),
      time(worst(recoveries)),
    );
  });
  return [
    row("fault", "times", "median duration", "recovery: median", "worst"),
    `|---|${"---:|".repeat(4)}`,
    ...rows,
  ];
}

/** From the end of a fault until everything that had been accepted by then was answered. */
function recovery(accepted: Message[], { over }: Injected): number {
  const waiting = accepted.filter((each) => (each.accepted ?? 0) < over);
  const answers = waiting.flatMap(({ replies }) => replies.map(({ at }) => at));
  return Math.max(0, worst(answers) - over);
}

function questionLine({ messages }: Log): string {
  const asked = messages.flatMap(({ question }) => question ?? []);
  const answered = asked.filter(({ replied }) => replied.size > 0);
  const given = asked.reduce((sum, question) => sum + question.given.size, 0);
  return `Questions of the agent: ${asked.length}, with ${given} different answers by different people; ${answered.length} answered before their session was ended.`;
}

function endingLine({ endings }: Log): string {
  const took = (inCalm: boolean) => {
    const some = endings.filter((ending) => ending.inCalm === inCalm);
    const times = some.flatMap(({ ended, freed }) => (freed === undefined ? [] : freed - ended));
    return `${some.length} (mapping inactive after ${time(median(times))}, at worst ${time(worst(times))})`;
  };
  return `Sessions ended on purpose: ${took(false)} among the faults, ${took(true)} after them.`;
}

function memoryTable(lives: Life[]): string[] {
  if (lives.length === 0) return ["No process lived long enough to tell of its memory."];
  return [
    row("process", "longest life", "MB, first third", "MB, last third"),
    `|---|${"---:|".repeat(3)}`,
    ...lives.map((life) => {
      const { first, last } = trend(life);
      return row(
        life.service,
        time(life.samples.length * 5_000),
        first.toFixed(0),
        last.toFixed(0),
      );
    }),
  ];
}

function overlaps({ sent, replies }: Message, { begun, over }: Injected): boolean {
  return sent < over && (replies[0]?.at ?? sent) > begun;
}

function time(ms: number): string {
  if (Number.isNaN(ms)) return "-";
  return ms < 1_000 ? `${ms.toFixed(0)} ms` : `${(ms / 1_000).toFixed(1)} s`;
}

function row(...cells: (string | number)[]): string {
  return `| ${cells.join(" | ")} |`;
}
