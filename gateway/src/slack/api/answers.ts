/** How long an answer counts, in milliseconds. */
const FRESH_MS = 60_000;
/** How long an old answer may stand in for one that cannot be had. */
const STALE_MS = 600_000;
/** The most answers that are remembered. */
const MOST = 10_000;

interface Known<T> {
  at: number;
  value: T;
}

/** How answers are remembered. */
export interface AnswersOptions {
  /** Whether an answer counts for ten minutes while no newer one can be had. */
  outlivesFailures?: boolean;
}

/** Answers to questions that are asked again and again; each counts for a minute. Who asks meanwhile shares one call. */
export class Answers<T> {
  private readonly known = new Map<string, Known<T>>();
  private readonly asked = new Map<string, Promise<T>>();

  constructor(private readonly options: AnswersOptions = {}) {}

  /** The answer that is known, or what `ask` finds. @throws what `ask` throws */
  async get(key: string, ask: () => Promise<T>): Promise<T> {
    const known = this.known.get(key);
    const age = performance.now() - (known?.at ?? Number.NEGATIVE_INFINITY);
    if (known && age < FRESH_MS) return known.value;
    try {
      return await this.ask(key, ask);
    } catch (error) {
      if (known && age < STALE_MS && this.options.outlivesFailures) return known.value;
      throw error;
    }
  }

  private ask(key: string, ask: () => Promise<T>): Promise<T> {
    const running = this.asked.get(key);
    if (running !== undefined) return running;
    const asking = ask()
      .then((value) => this.remember(key, value))
      .finally(() => this.asked.delete(key));
    this.asked.set(key, asking);
    return asking;
  }

  private remember(key: string, value: T): T {
    // Behind all others: the first in the map is the oldest.
    this.known.delete(key);
    this.known.set(key, { at: performance.now(), value });
    const [oldest] = this.known.keys();
    if (this.known.size > MOST && oldest !== undefined) this.known.delete(oldest);
    return value;
  }
}
