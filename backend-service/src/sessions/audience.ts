import type { SessionEvent } from "./events.js";
import { Mailbox } from "./mailbox.js";

interface Listener {
  mailbox: Mailbox;
  /** Only the events of this turn; undefined for all. */
  seq: number | undefined;
}

/** Who listens to a session, or to one of its turns. */
export class Audience {
  #listeners = new Set<Listener>();

  constructor(private readonly sessionId: string) {}

  get size(): number {
    return this.#listeners.size;
  }

  /** Listens to one turn or to all, until disposed. */
  listen(seq: number | undefined, onLeave: () => void): Disposable & { mailbox: Mailbox } {
    const listener = { mailbox: new Mailbox(this.sessionId), seq };
    this.#listeners.add(listener);
    return {
      mailbox: listener.mailbox,
      [Symbol.dispose]: () => {
        this.#listeners.delete(listener);
        onLeave();
      },
    };
  }

  tell(event: SessionEvent): void {
    for (const { mailbox, seq } of this.#listeners) {
      if (seq === undefined || (event.type !== "ended" && event.seq === seq)) mailbox.push(event);
    }
  }

  /** Nothing more will come for those whose turn (undefined: who listens to all) is chosen. */
  end(chosen: (seq: number | undefined) => boolean, error?: Error): void {
    for (const { mailbox, seq } of this.#listeners) if (chosen(seq)) mailbox.end(error);
  }
}
