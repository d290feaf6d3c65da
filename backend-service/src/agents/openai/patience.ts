/**
 * A signal that is aborted when the caller's is, or when what is waited for
 * takes too long; its reason then is the error for that wait. Disposing it
 * aborts it too, so that nothing that was given the signal outlives it.
 */
export class Patience implements Disposable {
  readonly signal: AbortSignal;
  readonly #own = new AbortController();
  #timer: NodeJS.Timeout | undefined;

  constructor(caller: AbortSignal) {
    this.signal = AbortSignal.any([caller, this.#own.signal]);
  }

  /** Waits so many milliseconds from now, instead of whatever was waited for before. */
  wait(milliseconds: number, error: () => Error): void {
    this.rest();
    this.#timer = setTimeout(() => this.#own.abort(error()), milliseconds);
  }

  /** Waits for nothing. */
  rest(): void {
    clearTimeout(this.#timer);
  }

  [Symbol.dispose](): void {
    this.rest();
    this.#own.abort();
  }
}
