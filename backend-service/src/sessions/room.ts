/** A part of the room, until it is disposed. */
export interface Taken extends Disposable {
  /** Gives back what is more than `size`. */
  shrink(size: number): void;
}

interface Waiter {
  size: number;
  enter: () => void;
}

/**
 * Room for a limited amount, such as places or bytes. A caller that finds too little
 * waits in a queue. The first in the queue enters first, even if it needs more than those
 * behind it. A caller that needs more than the whole room gets the whole room.
 */
export class Room {
  #free: number;
  readonly #line = new Set<Waiter>();

  constructor(readonly capacity: number) {
    this.#free = capacity;
  }

  /** Whether somebody who needs so much would not have to wait. */
  has(size: number): boolean {
    return this.#line.size === 0 && Math.min(size, this.capacity) <= this.#free;
  }

  /** How many wait. */
  get waiting(): number {
    return this.#line.size;
  }

  /** Takes so much at once; undefined when that means to wait. */
  takeNow(size: number): Taken | undefined {
    return this.has(size) ? this.#take(Math.min(size, this.capacity)) : undefined;
  }

  /** Takes so much as soon as there is room. @throws the signal's reason when it is aborted first */
  async take(size: number, signal: AbortSignal): Promise<Taken> {
    signal.throwIfAborted();
    const needed = Math.min(size, this.capacity);
    if (this.has(needed)) return this.#take(needed);
    let leave = () => {};
    try {
      return await new Promise<Taken>((resolve, reject) => {
        const waiter = { size: needed, enter: () => resolve(this.#take(needed)) };
        this.#line.add(waiter);
        leave = () => {
          this.#line.delete(waiter);
          reject(signal.reason);
          // It may have held up those behind it.
          this.#admit();
        };
        signal.addEventListener("abort", leave, { once: true });
      });
    } finally {
      signal.removeEventListener("abort", leave);
    }
  }

  #take(size: number): Taken {
    let held = size;
    this.#free -= size;
    const shrink = (to: number) => {
      const back = Math.max(0, held - Math.max(0, to));
      held -= back;
      this.#free += back;
      if (back > 0) this.#admit();
    };
    return { shrink, [Symbol.dispose]: () => shrink(0) };
  }

  #admit(): void {
    for (const waiter of this.#line) {
      if (waiter.size > this.#free) return;
      this.#line.delete(waiter);
      waiter.enter();
    }
  }
}
