import { createWriteStream, mkdirSync, renameSync, statSync, type WriteStream } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { unsafeNodeWarning } from "@amp/service";

/** A log file that grew beyond this is put aside at the next start. */
const ROTATE_BYTES = 20 * 1024 * 1024;

const MAX_COMPLAINTS = 50;

/** The same warning is told again on the terminal after so long. */
const REPEAT_MS = 60_000;

/** pino's number for a warning. */
const WARN = 40;

/** Where one part of the system logs: all of it to a file, warnings also to the terminal. */
export interface ServiceLog extends Disposable {
  file: string;
  write(text: string): void;
  /** Takes pino's lines from the one, and whatever else a process says from the other. */
  follow(stdout: Readable, stderr: Readable): void;
  /** What the last process that was followed complained about, in a line or a few. */
  complaint(): string;
}

/** Opens `<dir>/<name>.log`; the last 20 MB and what came since are kept. */
export function openLog(dir: string, name: string, tell: (line: string) => void): ServiceLog {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const file = path.join(dir, `${name}.log`);
  if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > ROTATE_BYTES) {
    renameSync(file, `${file}.1`);
  }
  const stream: WriteStream = createWriteStream(file, { flags: "a", mode: 0o600 });
  stream.on("error", (error) => tell(`${name}: cannot write ${file}: ${error.message}`));
  let complaints: string[] = [];
  const toldAt = new Map<string, number>();
  /** A warning that comes again and again is told once a minute; the file has each. */
  function isNews(warning: string): boolean {
    // The terminal has it already: this process runs on the same release.
    if (warning === unsafeNodeWarning(process.version)) return false;
    const now = performance.now();
    const last = toldAt.get(warning);
    if (last !== undefined && now - last < REPEAT_MS) return false;
    if (toldAt.size >= MAX_COMPLAINTS) toldAt.clear();
    toldAt.set(warning, now);
    return true;
  }
  return {
    file,
    write: (text) => void stream.write(text),
    follow(stdout, stderr) {
      complaints = [];
      createInterface(stdout).on("line", (line) => {
        stream.write(`${line}\n`);
        const warning = readWarning(line);
        if (warning && isNews(warning)) tell(`${name}: ${warning}`);
      });
      createInterface(stderr).on("line", (line) => {
        stream.write(`${line}\n`);
        if (complaints.length < MAX_COMPLAINTS) complaints.push(line);
      });
    },
    complaint() {
      if (complaints.length <= 3) return complaints.join("\n");
      // A stack trace: the line with the error is enough, the log has the rest.
      return complaints.find((line) => /Error\b.*: /.test(line)) ?? complaints.at(-1) ?? "";
    },
    [Symbol.dispose]: () => void stream.end(),
  };
}

interface PinoLine {
  level: number;
  msg?: string;
  err?: { message?: string };
}

/** The text of a warning or an error; undefined for anything else. */
function readWarning(line: string): string | undefined {
  if (!line.startsWith("{")) return line;
  try {
    const { level, msg = "", err } = JSON.parse(line) as PinoLine;
    if (level < WARN) return undefined;
    return err?.message ? `${msg} (${err.message})` : msg;
  } catch {
    return line;
  }
}
