import type { InboxRow } from "./store.js";

/** One attempt at an inbox row. */
export interface Job
  extends Pick<InboxRow, "id" | "lane" | "requestId" | "kind" | "content" | "parsed"> {
  /** Aborted when the row is no more ours to work, and when the process shuts down. */
  signal: AbortSignal;
  /**
   * Waits for something that takes as long as it takes, such as a turn, and
   * holds no place at work meanwhile, which others need. One wait at a time.
   */
  idle<T>(wait: () => Promise<T>): Promise<T>;
}

/** The items of a source that are wanted; the job waits for each of them without a place. */
export async function* idly<T>(
  job: Pick<Job, "idle">,
  source: AsyncIterable<T>,
  wanted: (item: T) => boolean,
): AsyncGenerator<T, void, undefined> {
  const items = source[Symbol.asyncIterator]();
  const next = async () => {
    for (;;) {
      const item = await items.next();
      if (item.done || wanted(item.value)) return item;
    }
  };
  try {
    for (let item = await job.idle(next); !item.done; item = await job.idle(next)) yield item.value;
  } finally {
    await items.return?.();
  }
}

/** What works the rows. */
export interface Handler {
  /** Does all that the row asks for. May be called again for the same row, after a failure or a crash. */
  work(job: Job): Promise<void>;
  /** The row is given up: tells its user, once. */
  giveUp(job: Job): Promise<void>;
}

/** Not now: the row is to be tried again after so many milliseconds, and this was no failure. */
export class Postponed extends Error {
  override readonly name = "Postponed";
  constructor(
    readonly pause: number,
    reason: string,
  ) {
    super(reason);
  }
}

/** The row is a message between people, and nothing of it is to be kept. */
export class NotForUs extends Error {
  override readonly name = "NotForUs";
}
