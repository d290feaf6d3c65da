import { Reason } from "@amp/proto";
import {
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  handleWhen,
  type IBackoff,
  type IBackoffFactory,
} from "cockatiel";
import { BackendError } from "./errors.js";

/** How long those who come after a failed probe fail with it; shorter than the pause of who tries again. */
const REST_MS = 25;

/**
 * When the next probe may go out: at once when a call failed, for a probe is
 * cheap; when a probe failed, not before all who waited for it have failed too.
 *
 * It answers now or never, for the breaker compares it with the wall clock,
 * which may be set back by an hour; the time is taken here, by the monotonic one.
 */
const PACE: IBackoffFactory<unknown> = {
  next: () => ({ duration: Number.NEGATIVE_INFINITY, next: rest }),
};

function rest(): IBackoff<unknown> {
  const over = performance.now() + REST_MS;
  return {
    get duration() {
      return performance.now() < over ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
    },
    next: rest,
  };
}

/**
 * Whether the backend can be reached, as all calls of this process together
 * find out: cockatiel's circuit breaker, of which only probes are told, and
 * the first failure.
 *
 *   closed    -- a call cannot reach it          --> open
 *   open      -- somebody wants to call          --> half open: a probe
 *   half open -- the probe gets any answer       --> closed
 *   half open -- the probe cannot reach it       --> open, for a moment without probes
 *
 * While it is not closed no call goes out but the probe, which all who want to
 * call wait for together; when that fails, so do they. One failure is enough,
 * for where others of several replicas answer, it is over at once. The probe
 * is not the call of whoever comes first, which may be a turn that lasts.
 */
export class Availability {
  private readonly circuit = circuitBreaker(handleWhen(isAway), {
    breaker: new ConsecutiveBreaker(1),
    halfOpenAfter: PACE,
  });
  private since: number | undefined;
  private lastFailure: unknown;

  /** @param probe a call that is answered within a second, or fails */
  constructor(private readonly probe: () => Promise<unknown>) {
    this.circuit.onBreak((reason) => {
      this.since ??= performance.now();
      this.lastFailure = "error" in reason ? reason.error : undefined;
    });
    this.circuit.onReset(() => {
      this.since = undefined;
    });
  }

  /** Since when it is away, by `performance.now()`. */
  get awaySince(): number | undefined {
    return this.since;
  }

  private get closed(): boolean {
    return this.circuit.state === CircuitState.Closed;
  }

  /** Lets a call pass. @throws BackendError of kind `transient` while the backend is away, or the signal's reason. */
  async pass(signal: AbortSignal | undefined): Promise<void> {
    if (this.closed) return;
    // Who waited for another's probe comes here when the circuit is closed again.
    const passed = this.circuit.execute(() => (this.closed ? undefined : this.probe()));
    try {
      await unlessAborted(passed, signal);
    } catch {
      signal?.throwIfAborted();
      // A refusal, such as UNAUTHENTICATED, is an answer as well.
      if (!this.closed) throw new BackendAway(this.lastFailure);
    }
  }

  /** A call failed. While the circuit is not closed only probes tell: this call may have begun before. */
  async failed(error: unknown): Promise<void> {
    if (!this.closed) return;
    await this.circuit.execute(() => Promise.reject(error)).catch(() => {});
  }
}

async function unlessAborted(promise: Promise<unknown>, signal: AbortSignal | undefined) {
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

/** What says nothing of other calls: that one of them broke off. */
const BROKEN_OFF = new Set(["INTERNAL", "UNKNOWN"]);

/** Whether no call would do better; a session between two replicas says nothing of others. */
function isAway(error: unknown): boolean {
  if (!(error instanceof BackendError)) return true;
  const { kind, reason, code } = error;
  if (kind !== "transient" || BROKEN_OFF.has(code)) return false;
  return (
    reason === undefined || reason === Reason.DATABASE_UNAVAILABLE || reason === Reason.DRAINING
  );
}
