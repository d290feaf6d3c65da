import type { Queryable } from "@amp/postgres";
import {
  type Ending,
  type EndingsPosition,
  endingsPosition,
  readEndings,
} from "../store/endings.js";
import { CursorTooOld } from "./errors.js";

/** A place in the feed. */
export interface EndingsCursor {
  feed: string;
  /** Of the last ending before it. */
  number: number;
}

/** How the feed keeps time, in milliseconds. */
export interface EndingsTimes {
  /** How long an ending may stay unseen when no notification tells of it. */
  pollMs: number;
  /** How long a reader is told nothing. */
  heartbeatMs: number;
}

export const ENDINGS_TIMES: EndingsTimes = { pollMs: 1_000, heartbeatMs: 15_000 };

const BATCH = 200;

/** Tells the ends of all sessions in their one order; the same from every replica. */
export class EndingsFeed {
  #wakes = 0;
  #sleepers = new Set<() => void>();

  constructor(
    private readonly db: Queryable,
    private readonly times: EndingsTimes,
  ) {}

  /** Lets all readers look for new endings now. */
  wake = (): void => {
    this.#wakes++;
    for (const rise of this.#sleepers) rise();
  };

  /**
   * Tells the endings after `from`, or from now on, until the signal is aborted:
   * first the position, and again whenever nothing else was told for a while.
   * @throws CursorTooOld
   */
  async *read(
    from: EndingsCursor | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<{ cursor: EndingsCursor; ending: Ending | undefined }, void, undefined> {
    const position = await endingsPosition(this.db);
    let cursor = from ?? { feed: position.feed, number: position.last };
    if (!reaches(position, cursor))
      throw new CursorTooOld("Endings after this cursor are unknown.");
    yield { cursor, ending: undefined };
    let toldAt = performance.now();
    while (!signal.aborted) {
      const wakes = this.#wakes;
      const endings = await readEndings(this.db, cursor.number, BATCH);
      for (const ending of endings) {
        // Numbers have no gaps but where endings were forgotten.
        if (ending.number !== cursor.number + 1) {
          throw new CursorTooOld("Endings were forgotten before they were read.");
        }
        cursor = { ...cursor, number: ending.number };
        yield { cursor, ending };
        toldAt = performance.now();
      }
      if (endings.length === BATCH) continue;
      if (performance.now() - toldAt >= this.times.heartbeatMs) {
        yield { cursor, ending: undefined };
        toldAt = performance.now();
      }
      await this.#sleep(wakes, signal);
    }
  }

  /** Waits for the next poll, or for a wake that came after `seen`. */
  #sleep(seen: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const rise = () => {
        clearTimeout(timer);
        this.#sleepers.delete(rise);
        signal.removeEventListener("abort", rise);
        resolve();
      };
      const timer = setTimeout(rise, this.times.pollMs);
      this.#sleepers.add(rise);
      signal.addEventListener("abort", rise);
      if (signal.aborted || this.#wakes !== seen) rise();
    });
  }
}

function reaches({ feed, last, forgotten }: EndingsPosition, cursor: EndingsCursor): boolean {
  return cursor.feed === feed && cursor.number >= forgotten && cursor.number <= last;
}
