import type { Queryable } from "@amp/postgres";
import type { Logger } from "pino";
import { giveBackRuns, type TurnPlace } from "../store/turns.js";
import { onceAvailable } from "./retry.js";

const BATCH = 500;

/**
 * Takes back the count of runs that this replica gave up itself, by handing a session
 * over, by stopping, or by losing its lease: such a run did no harm to its process. It is
 * written as soon as the database answers, also when somebody else runs the turn by then,
 * for it takes away one and sets nothing.
 */
export class LostRuns {
  #noted: TurnPlace[] = [];
  #writing: Promise<void> | undefined;
  readonly #stop = new AbortController();

  constructor(
    private readonly db: Queryable,
    private readonly logger: Logger,
  ) {}

  note(sessionId: string, seq: number): void {
    this.#noted.push({ sessionId, seq });
    this.#writing ??= this.#write();
  }

  /** Waits until all is written, for at most so many milliseconds; then nothing more is. */
  async stop(ms: number): Promise<void> {
    const timer = setTimeout(() => this.#stop.abort(), ms);
    await this.#writing;
    clearTimeout(timer);
    this.#stop.abort();
  }

  /** Never rejects. */
  async #write(): Promise<void> {
    // What is given up at the same moment is written at once.
    await Promise.resolve();
    while (this.#noted.length > 0 && !this.#stop.signal.aborted) {
      const batch = this.#noted.splice(0, BATCH);
      await onceAvailable(() => giveBackRuns(this.db, batch), this.#stop.signal).catch(
        (error: unknown) =>
          this.logger.warn({ err: error }, "runs that were given up count as lost"),
      );
    }
    this.#writing = undefined;
  }
}
