import { SessionError } from "./errors.js";
import type { SessionEvent } from "./events.js";

/** More than this unread, and the listener is cut off: it may come back for a snapshot. */
const MAX_EVENTS = 1_000;

/**
 * What one listener has not read yet. Never makes the teller wait: text that
 * comes while the listener is busy is put together, and one that falls too far
 * behind is cut off.
 */
export class Mailbox implements AsyncIterable<SessionEvent> {
  #events: SessionEvent[] = [];
  #end: { error: Error | undefined } | undefined;
  #wake = () => {};

  constructor(readonly sessionId: string) {}

  push(event: SessionEvent): void {
    if (this.#end) return;
    const last = this.#events.at(-1);
    if (
      last &&
      (event.type === "text" || event.type === "thought") &&
      last.type === event.type &&
      last.seq === event.seq
    ) {
      this.#events[this.#events.length - 1] = { ...last, text: last.text + event.text };
    } else if (this.#events.length === MAX_EVENTS) {
      this.#events = [];
      this.end(new SessionError("too_slow", this.sessionId));
    } else {
      this.#events.push(event);
    }
    this.#wake();
  }

  /** Lets the listener read what is left, and then end, or throw `error`. The first end counts. */
  end(error?: Error): void {
    this.#end ??= { error };
    this.#wake();
  }

  /** Forgets the turns' unread events: the listener is about to get a snapshot that holds them. */
  clear(): void {
    this.#events = this.#events.filter((event) => event.type === "ended");
  }

  /** The events until the signal is aborted; then no more is taken in. */
  async *until(signal: AbortSignal): AsyncGenerator<SessionEvent, void, undefined> {
    const stop = () => this.end();
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) stop();
    try {
      yield* this;
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<SessionEvent, void, undefined> {
    for (;;) {
      const event = this.#events.shift();
      if (event) yield event;
      else if (this.#end?.error) throw this.#end.error;
      else if (this.#end) return;
      else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }
}
