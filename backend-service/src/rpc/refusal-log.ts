import type { Logger } from "pino";

/** Between two lines, in milliseconds. */
const PAUSE_MS = 10_000;

/** Warns of refused calls: at once of the first, then every ten seconds of how many there were. */
export class RefusalLog {
  #nextAt = Number.NEGATIVE_INFINITY;
  #unsaid = 0;

  constructor(private readonly logger: Logger) {}

  /** Counts one refused call; logs a line if it is time for one. */
  add(call: { caller: string; method: string; code: string; peer: string }): void {
    const now = performance.now();
    if (now < this.#nextAt) {
      this.#unsaid += 1;
      return;
    }
    this.logger.warn({ ...call, others: this.#unsaid }, "a call was refused");
    this.#unsaid = 0;
    this.#nextAt = now + PAUSE_MS;
  }
}
