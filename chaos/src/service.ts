import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, type WriteStream } from "node:fs";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { accepts } from "../../stack/src/ports.js";
import { watchdog } from "../../stack/src/watchdog.js";

/** One of our programs, as a process that a supervisor starts again when it is gone. */
export interface ServiceOptions {
  /** Such as `gateway-1`. */
  name: string;
  /** Its program, of the version in `root`. */
  main: (root: string) => string;
  /** The version that it is started from. */
  root: string;
  port: number;
  env: Record<string, string>;
  /** Takes what it logs. */
  logFile: string;
  /** Told when it ended and nobody had asked it to. */
  onCrash: (how: string) => void;
}

/** The programs, of the version in a folder. The backend has an agent more than the shipped one. */
export const PROGRAMS = {
  "backend-service": () => fileURLToPath(new URL("../backend.mjs", import.meta.url)),
  gateway: (root: string) => path.join(root, "gateway", "dist", "main.js"),
};

const CLOCK = fileURLToPath(new URL("../clock.mjs", import.meta.url));
const START_AGAIN_MS = 500;

/**
 * States: up <-> down, by `start` and `kill` or `terminate`; while it should be
 * up, a process that ends is started again.
 */
export class Service implements AsyncDisposable {
  /** The version that it is started from, the next time. */
  root: string;
  private readonly log: WriteStream;
  private child: ChildProcess | undefined;
  private wanted = false;
  private startingAgain: NodeJS.Timeout | undefined;

  constructor(private readonly options: ServiceOptions) {
    this.root = options.root;
    this.log = createWriteStream(options.logFile, { flags: "a" });
  }

  get name(): string {
    return this.options.name;
  }

  /** Undefined while it is down. */
  get pid(): number | undefined {
    return this.child?.pid;
  }

  start(): void {
    this.wanted = true;
    const { main, env, port } = this.options;
    const args = ["--enable-source-maps", "--import", CLOCK, main(this.root)];
    const child = spawn(process.execPath, args, {
      env: { PATH: process.env["PATH"], ...env, CHAOS_ROOT: this.root },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    watchdog(child, { first: "KILL", last: "KILL" });
    this.child = child;
    this.log.write(`--- started as ${child.pid} of ${this.root}\n`);
    child.stdout.pipe(this.log, { end: false });
    child.stderr.pipe(this.log, { end: false });
    let isReady = false;
    void this.whenAccepting(child, port).then((ready) => {
      isReady = ready;
    });
    child.once("exit", (code, signal) => {
      this.log.write(`--- ${child.pid} ended: ${signal ?? code}\n`);
      if (!this.wanted) return;
      // Before it is ready it may give up, such as on a database that is away.
      if (isReady) this.options.onCrash(`${this.name} ended by itself: ${signal ?? code}`);
      this.startingAgain = setTimeout(() => this.start(), START_AGAIN_MS);
    });
  }

  /** Resolves when it takes requests. */
  async ready(): Promise<void> {
    while (!(await accepts({ host: "127.0.0.1", port: this.options.port }))) await delay(50);
  }

  async kill(): Promise<void> {
    await this.stop("SIGKILL");
  }

  /** Asks it to stop. Returns the milliseconds that took, or undefined if it had to be killed after `patience`. */
  async terminate(patience: number): Promise<number | undefined> {
    const begun = performance.now();
    let killed = false;
    const timer = setTimeout(() => {
      killed = true;
      this.child?.kill("SIGKILL");
    }, patience);
    await this.stop("SIGTERM");
    clearTimeout(timer);
    return killed ? undefined : performance.now() - begun;
  }

  /** Sends a signal that does not end it; nothing happens while it is down. */
  signal(signal: NodeJS.Signals): void {
    this.child?.kill(signal);
  }

  private async stop(signal: NodeJS.Signals): Promise<void> {
    this.wanted = false;
    clearTimeout(this.startingAgain);
    const { child } = this;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill(signal);
    await ended;
    this.child = undefined;
  }

  private async whenAccepting(child: ChildProcess, port: number): Promise<boolean> {
    while (child.exitCode === null && child.signalCode === null) {
      if (await accepts({ host: "127.0.0.1", port })) return true;
      await delay(100);
    }
    return false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    this.log.end();
  }
}
