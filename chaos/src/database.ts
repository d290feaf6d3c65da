import { once } from "node:events";
import { createWriteStream, type WriteStream } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "../../stack/src/embedded-postgres.js";
import { freePort } from "../../stack/src/ports.js";
import { type Disk, openDisk } from "./disk.js";

/**
 * The PostgreSQL of a run, with full crash safety, on a disk that can be filled,
 * and our own view into it, which passes no link. It is started again whenever
 * it ends, as it does by itself when its log cannot be written.
 */
export class Database implements AsyncDisposable {
  private wanted = true;
  private running: Promise<void> = Promise.resolve();
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

  /** Stops it, and starts it again after the pause. */
  async restart(signal: "SIGINT" | "SIGKILL", pause: number): Promise<void> {
    this.wanted = false;
    const { process: child } = this.server;
    if (child.exitCode === null && child.signalCode === null) {
      const ended = once(child, "exit");
      child.kill(signal);
      await ended;
    }
    await this.running;
    await delay(pause);
    this.wanted = true;
    await this.startAgain();
    this.keep();
  }

  /** Makes every new transaction read-only, or no more. */
  async refuseWrites(refused: boolean): Promise<void> {
    await this.query(`alter system set default_transaction_read_only = ${refused}`);
    await this.query("select pg_reload_conf()");
  }

  private keep(): void {
    this.running = (async () => {
      while (this.wanted) {
        const { process: child } = this.server;
        if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
        if (!this.wanted) return;
        await this.startAgain();
      }
    })();
  }

  private async startAgain(): Promise<void> {
    for (;;) {
      try {
        this.server = await launch(this.disk, this.port, this.log);
        return;
      } catch (error) {
        this.log.write(`${String(error)}\n`);
        await delay(500);
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.wanted = false;
    await this.pool.end();
    await this.server[Symbol.asyncDispose]();
    await this.running;
    await this.disk[Symbol.asyncDispose]();
    this.log.end();
  }
}

function launch(disk: Disk, port: number, log: WriteStream): Promise<EmbeddedPostgres> {
  return startEmbeddedPostgres({ dataDir: disk.dir, port, onLog: (text) => log.write(text) });
}
