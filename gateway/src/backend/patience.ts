import { setTimeout as delay } from "node:timers/promises";
import { ExponentialBackoff } from "cockatiel";
import { BackendError } from "./errors.js";

const BACKOFF = new ExponentialBackoff<unknown>({ initialDelay: 100, maxDelay: 2_000 });

/**
 * How long an unreachable backend is tried again, so that its restart is not
 * seen by the user. The window opens with the first failure and closes with
 * every sign of life.
 */
export class Patience {
  private failingSince: number | undefined;
  private backoff = BACKOFF.next();

  /** @param window in milliseconds; 0 for no second try. */
  constructor(
    private readonly window: number,
    private readonly signal: AbortSignal | undefined,
  ) {}

  /** The backend answered: the next failure opens a new window. */
  progress(): void {
    this.failingSince = undefined;
    this.backoff = BACKOFF.next();
  }

  /**
   * Waits until it is time for the next try.
   * @throws the error itself when it is not transient or the window is over, and
   * the signal's reason once that is aborted.
   */
  async wait(error: unknown): Promise<void> {
    this.signal?.throwIfAborted();
    if (!(error instanceof BackendError) || error.kind !== "transient") throw error;
    const now = performance.now();
    this.failingSince ??= now;
    const left = this.failingSince + this.window - now;
    if (left <= 0) throw error;
    const pause = Math.min(this.backoff.duration, left);
    await delay(pause, undefined, { signal: this.signal }).catch(() => {});
    this.signal?.throwIfAborted();
    this.backoff = this.backoff.next(undefined);
  }
}
