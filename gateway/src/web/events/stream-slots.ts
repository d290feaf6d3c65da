import { HttpError } from "../errors.js";

/** How many event streams one user may have open at one gateway: far more than anybody has tabs at work. */
const MOST_STREAMS = 64;

/** Counts the open event streams of each user. */
export class StreamSlots {
  private readonly open = new Map<string, number>();

  /** Takes one until disposed. @throws HttpError 429 when the user has too many */
  take(user: string): Disposable {
    const count = this.open.get(user) ?? 0;
    if (count >= MOST_STREAMS) {
      const error = `Too many event streams are open (${MOST_STREAMS}). Close some tabs and try again.`;
      throw new HttpError(429, { error });
    }
    this.open.set(user, count + 1);
    return {
      [Symbol.dispose]: () => {
        const left = (this.open.get(user) ?? 1) - 1;
        if (left > 0) this.open.set(user, left);
        else this.open.delete(user);
      },
    };
  }
}
