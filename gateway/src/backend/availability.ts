import { Reason } from "@amp/proto";
import { BackendError } from "./errors.js";

/**
 * A circuit breaker: whether the backend can be reached, as all calls of this
 * process together find out.
 *
 *   there -- a call cannot reach it       --> away
 *   away  -- a probe, or a call, gets any answer --> there
 *
 * While it is away no call goes out but a probe, which all who want to call
 * wait for together; when that fails, so do they. One failure is enough, for a
 * probe is cheap: where others of several replicas answer, it is over at once.
 *
 * Not cockatiel's breaker: that goes by the wall clock, so that a clock set
 * back keeps it open for as long; and its probe is whatever call comes first,
 * so that all others would wait for the end of a turn.
 */
export class Availability {
  private since: number | undefined;
  private probing: Promise<void> | undefined;

  /** @param probe a call that is answered within a second, or fails */
  constructor(private readonly probe: () => Promise<unknown>) {}

  /** Since when it is away, by `performance.now()`. */
  get awaySince(): number | undefined {
    return this.since;
  }

  /** Lets a call pass. @throws BackendError of kind `transient` while the backend is away, or the signal's reason. */
  async pass(signal: AbortSignal | undefined): Promise<void> {
    if (this.since === undefined) return;
    this.probing ??= this.ask();
    await unlessAborted(this.probing, signal);
  }

  /** The backend gave an answer, if only that it would not. */
  answered(): void {
    this.since = undefined;
  }

  /** A call failed. */
  failed(error: unknown): void {
    if (error instanceof BackendError && !isUnreachable(error)) this.answered();
    else this.since ??= performance.now();
  }

  private async ask(): Promise<void> {
    try {
      await this.probe();
      this.answered();
    } catch (error) {
      this.failed(error);
      if (this.since === undefined) return;
      throw new BackendAway(error);
    } finally {
      this.probing = undefined;
    }
  }
}

async function unlessAborted(promise: Promise<void>, signal: AbortSignal | undefined) {
  const over = new AbortController();
  const aborted = new Promise<never>((_resolve, reject) => {
    const abort = () => reject(signal?.reason);
    if (signal?.aborted) abort();
    signal?.addEventListener("abort", abort, { once: true, signal: over.signal });
  });
  await Promise.race([promise, aborted]).finally(() => over.abort());
}

/** No call was made, for the backend was away a moment ago. */
export class BackendAway extends BackendError {
  constructor(cause: unknown) {
    super("transient", "The backend cannot be reached.", undefined, "UNAVAILABLE", { cause });
  }
}

/** Whether no call would do better; a session between two replicas says nothing of others. */
function isUnreachable({ kind, reason }: BackendError): boolean {
  if (kind !== "transient") return false;
  return (
    reason === undefined || reason === Reason.DATABASE_UNAVAILABLE || reason === Reason.DRAINING
  );
}
