/**
 * A bounded number of places for work. Who waits for something gives its place
 * to others meanwhile, and takes one again before anything new begins.
 */
export class Places {
  private free: number;
  private readonly waiting: (() => void)[] = [];

  constructor(size: number) {
    this.free = size;
  }

  /** How much may begin now. */
  get room(): number {
    return this.free;
  }

  /** Takes a place for something that begins. There must be room. */
  take(): void {
    this.free -= 1;
  }

  give(): void {
    const next = this.waiting.shift();
    if (next) next();
    else this.free += 1;
  }

  /** Resolves when the caller has a place again; first come, first served. */
  async retake(): Promise<void> {
    if (this.free > 0) return this.take();
    await new Promise<void>((resolve) => this.waiting.push(resolve));
  }
}
