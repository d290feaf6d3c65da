import { once } from "node:events";
import { createWriteStream, type WriteStream } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "../../stack/src/embedded-postgres.js";
import { freePort } from "../../stack/src/ports.js";
import { type Disk, openDisk } from "./disk.js";
import { freeze, freezeTree } from "./frozen.js";

/**
 * The PostgreSQL of a run, with full crash safety, on a disk that can be filled,
 * and our own view into it, which passes no link. It is started again whenever
 * it ends, as it does by itself when its log cannot be written.
 */
export class Database implements AsyncDisposable {
  private closed = false;
  /** Resolves when it runs. */
  private up: Promise<void> = Promise.resolve();
  /** Before it is started the next time, in milliseconds. */
  private pause = 0;
  /** When some of its processes were last stopped; infinity while they are. */
  private lastStill = Number.NEGATIVE_INFINITY;
  private readonly pool: pg.Pool;

  private constructor(
    private server: EmbeddedPostgres,
    readonly port: number,
    readonly disk: Disk,
    private readonly log: WriteStream,
  ) {
    this.pool = new pg.Pool({ connectionString: server.url, application_name: "chaos", max: 3 });
    this.pool.on("error", () => {});
    this.pool.on("connect", (client) => client.on("error", () => {}));
    this.keep();
  }

  static async start(logFile: string): Promise<Database> {
    const disk = await openDisk();
    const log = createWriteStream(logFile, { flags: "a" });
    const port = await freePort();
    const server = await launch(disk, port, log);
    const database = new Database(server, port, disk, log);
    await database.query("alter system set max_wal_size = '128MB'");
    await database.query("select pg_reload_conf()");
    return database;
  }

  /** As superuser, for a service that reaches it at another port. */
  urlAt(port: number): string {
    const url = new URL(this.server.url);
    url.port = String(port);
    return url.toString();
  }

  /** Asks until it answers: it may be away for a while. */
  async query<Row extends pg.QueryResultRow>(sql: string, values: unknown[] = []): Promise<Row[]> {
    for (let attempt = 1; ; attempt++) {
      try {
        return (await this.pool.query<Row>(sql, values)).rows;
      } catch (error) {
        if (attempt === 300) throw error;
        await delay(100);
      }
    }
  }

  /** Stops it, and starts it again after the pause. Resolves when it is up. */
  async restart(signal: "SIGINT" | "SIGKILL", pause: number): Promise<void> {
    // It may be about to start again by itself.
    await this.up;
    const { process: child } = this.server;
    const ended = once(child, "exit");
    this.pause = pause;
    child.kill(signal);
    await ended;
    await this.up;
  }

  /** Stops all its processes for a while, and then lets them go on. */
  async freeze(duration: number): Promise<void> {
    await this.up;
    const { pid } = this.server.process;
    if (pid === undefined) return;
    const frozen = await freezeTree(pid);
    this.lastStill = Number.POSITIVE_INFINITY;
    await delay(duration);
    await frozen.thaw();
    this.lastStill = performance.now();
  }

  /** Stops the process of one connection of our services for a while: the one that is at `place`, modulo how many there are. */
  async freezeProcess(place: number, duration: number): Promise<void> {
    const connections = await this.query<{ pid: number }>(
      `select pid from pg_stat_activity where application_name like 'amp-%'
       order by state = 'idle', pid`,
    );
    const chosen = connections[place % Math.max(1, connections.length)];
    if (!chosen) return;
    const frozen = freeze([chosen.pid]);
    this.lastStill = Number.POSITIVE_INFINITY;
    await delay(duration);
    await frozen.thaw();
    this.lastStill = performance.now();
  }

  /** Whether some of its processes were stopped at any time since then. */
  stoodStillSince(time: number): boolean {
    return this.lastStill >= time;
  }

  /** Makes every new transaction read-only, or no more. */
  async refuseWrites(refused: boolean): Promise<void> {
    await this.query(`alter system set default_transaction_read_only = ${refused}`);
    await this.query("select pg_reload_conf()");
  }

  /** Starts it again when it has ended, whoever ended it; nobody else starts it. */
  private keep(): void {
    this.server.process.once("exit", () => {
      if (!this.closed) this.up = this.startAgain();
    });
  }

  private async startAgain(): Promise<void> {
    await delay(this.pause);
    this.pause = 0;
    for (;;) {
      try {
        this.server = await launch(this.disk, this.port, this.log);
        this.keep();
        return;
      } catch (error) {
        this.log.write(`${String(error)}\n`);
        await delay(500);
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.closed = true;
    await this.pool.end();
    await this.up;
    await this.server[Symbol.asyncDispose]();
    await this.disk[Symbol.asyncDispose]();
    this.log.end();
  }
}

function launch(disk: Disk, port: number, log: WriteStream): Promise<EmbeddedPostgres> {
  return startEmbeddedPostgres({ dataDir: disk.dir, port, onLog: (text) => log.write(text) });
}
