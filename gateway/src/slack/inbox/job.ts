import type { InboxRow } from "./store.js";

/** One attempt at an inbox row. */
export interface Job
  extends Pick<InboxRow, "id" | "lane" | "requestId" | "kind" | "content" | "parsed"> {
  /** Aborted when the row is no more ours to work, and when the process shuts down. */
  signal: AbortSignal;
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
