import { execFile } from "node:child_process";
import { readdir } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { latency } from "../record.js";
import { percentile } from "../statistics.js";
import type { System } from "../system.js";
import type { SteadyLoad } from "./load.js";

const run = promisify(execFile);

/** Milliseconds from one look to the next. */
const SAMPLE_MS = 10_000;

/** Something that is measured again and again. */
export interface Series {
  name: string;
  unit: "MB" | "rows" | "" | "ms";
  /** A value for each sample; NaN where it could not be measured. */
  values: number[];
}

/** What is measured while the load goes on, each kind by the names of what it is measured of. */
export class Samples {
  /** When they were taken, in seconds from the begin. */
  readonly times: number[] = [];
  readonly memory = new Group("MB");
  readonly handles = new Group("");
  readonly sizes = new Group("MB");
  readonly rows = new Group("rows");
  readonly connections = new Group("");
  readonly latency = new Group("ms");
  readonly latencies: number[] = [];
  answered = 0;

  constructor(
    private readonly system: System,
    private readonly load: SteadyLoad,
  ) {}

  /** Takes one sample after the other until the signal. */
  async watch(signal: AbortSignal): Promise<void> {
    const begun = performance.now();
    while (!signal.aborted) {
      await delay(SAMPLE_MS, undefined, { signal }).catch(() => {});
      if (signal.aborted) return;
      await this.sample((performance.now() - begun) / 1_000);
    }
  }

  private async sample(time: number): Promise<void> {
    const at = this.times.push(time) - 1;
    this.sampleLatency(at);
    await Promise.all([
      this.sampleProcesses(at),
      this.sampleTables(at),
      this.sampleConnections(at),
    ]);
  }

  private sampleLatency(at: number): void {
    const answered = this.load.take().map(latency);
    this.latencies.push(...answered);
    this.answered += answered.length;
    for (const percent of [50, 95, 99]) {
      this.latency.note(`${percent} %`, at, percentile(answered, percent));
    }
  }

  private async sampleProcesses(at: number): Promise<void> {
    await Promise.all(
      this.system.allServices().map(async ({ name, pid }) => {
        if (pid === undefined) return;
        const { stdout } = await run("ps", ["-o", "rss=", "-p", String(pid)]);
        this.memory.note(name, at, Number(stdout) / 1_024);
        // On Linux alone.
        const handles = await readdir(`/proc/${pid}/fd`).catch(() => undefined);
        if (handles) this.handles.note(name, at, handles.length);
      }),
    );
  }

  private async sampleTables(at: number): Promise<void> {
    const { database } = this.system;
    const tables = await database.query<{ name: string; bytes: string }>(
      `select oid::regclass::text as name, pg_total_relation_size(oid) as bytes from pg_class
       where relkind = 'r' and relnamespace::regnamespace::text in ('amp_backend', 'amp_gateway')`,
    );
    for (const { name, bytes } of tables) {
      const [row] = await database.query<{ count: string }>(`select count(*) from ${name}`);
      this.sizes.note(name, at, Number(bytes) / 2 ** 20);
      this.rows.note(name, at, Number(row?.count));
    }
  }

  private async sampleConnections(at: number): Promise<void> {
    const counts = await this.system.database.query<{ name: string; count: string }>(
      `select application_name as name, count(*) from pg_stat_activity
       where application_name like 'amp-%' group by 1`,
    );
    for (const { name, count } of counts) this.connections.note(name, at, Number(count));
  }
}

/** Series of one unit, by name. */
class Group {
  private readonly byName = new Map<string, Series>();

  constructor(readonly unit: Series["unit"]) {}

  note(name: string, at: number, value: number): void {
    const series = this.byName.get(name) ?? { name, unit: this.unit, values: [] };
    this.byName.set(name, series);
    while (series.values.length < at) series.values.push(Number.NaN);
    series.values[at] = value;
  }

  get series(): Series[] {
    return [...this.byName.values()].sort((one, other) => one.name.localeCompare(other.name));
  }
}
