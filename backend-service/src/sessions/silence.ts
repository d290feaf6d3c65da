/**
 * Watches over an agent that may say nothing any more: calls `onSilent` when nothing was
 * heard of it for `ms`, unless it is `excused` then, which gives it all the time anew.
 */
export class Silence implements Disposable {
  readonly #timer: NodeJS.Timeout;

  constructor(ms: number, excused: () => boolean, onSilent: () => void) {
    this.#timer = setTimeout(() => {
      if (excused()) this.heard();
      else onSilent();
    }, ms);
  }

  /** It said something, or what excused it is over. */
  heard(): void {
    this.#timer.refresh();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}
