import { setTimeout as delay } from "node:timers/promises";
import { ExponentialBackoff } from "cockatiel";
import { type Availability, BackendAway } from "./availability.js";
import { BackendError } from "./errors.js";

const BACKOFF = new ExponentialBackoff<unknown>({ initialDelay: 100, maxDelay: 2_000 });
/** While the backend is away all who wait share one probe, so that to look again costs nothing. */
const AWAY_PAUSE_MS = 50;

/**
 * How long an unreachable backend is tried again, so that its restart is not
 * seen by the user. The window opens with the first failure, or when the
 * backend went away if that was before, and closes with every sign of life.
 */
export class Patience {
  private failingSince: number | undefined;
  private backoff = BACKOFF.next();

  /** @param window in milliseconds; 0 for no second try. */
  constructor(
    private readonly window: number,
    private readonly signal: AbortSignal | undefined,
    private readonly availability: Availability,
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
    const since = Math.min(this.failingSince, this.availability.awaySince ?? now);
    const left = since + this.window - now;
    if (left <= 0) throw error;
    const pause = error instanceof BackendAway ? AWAY_PAUSE_MS : this.nextPause();
    await delay(Math.min(pause, left), undefined, { signal: this.signal }).catch(() => {});
    this.signal?.throwIfAborted();
  }

  private nextPause(): number {
    const { duration } = this.backoff;
    this.backoff = this.backoff.next(undefined);
    return duration;
  }
}
