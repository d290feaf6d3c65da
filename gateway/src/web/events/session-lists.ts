import { type Listener, listen, type PoolOptions } from "@amp/postgres";

/** The migration's trigger notifies of every change; the payload is the user. */
const CHANNEL = "amp_gateway_web_sessions";

/** Tells when a user's list of sessions changed, through whichever gateway. */
export class SessionLists implements AsyncDisposable {
  private readonly watchers = new Map<string, Set<() => void>>();
  private readonly listener: Listener;

  constructor(database: PoolOptions) {
    const wake = (user: string) => {
      for (const watcher of this.watchers.get(user) ?? []) watcher();
    };
    const wakeAll = () => {
      for (const user of this.watchers.keys()) wake(user);
    };
    this.listener = listen(database, [CHANNEL], (_channel, user) => wake(user), wakeAll);
  }

  /** Yields at once, and when the list may have changed; changes meanwhile are one. Ends with the signal. */
  async *changes(user: string, signal: AbortSignal): AsyncGenerator<void, void, undefined> {
    let changed = true;
    let wake = () => {};
    const watcher = () => {
      changed = true;
      wake();
    };
    const watchers = this.watchers.get(user) ?? new Set();
    this.watchers.set(user, watchers.add(watcher));
    signal.addEventListener("abort", watcher, { once: true });
    try {
      while (!signal.aborted) {
        if (changed) {
          changed = false;
          yield;
        } else {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      }
    } finally {
      signal.removeEventListener("abort", watcher);
      watchers.delete(watcher);
      if (watchers.size === 0) this.watchers.delete(user);
    }
  }

  /** Resolves when changes are heard of. */
  get ready(): Promise<void> {
    return this.listener.ready;
  }

  [Symbol.asyncDispose](): PromiseLike<void> {
    return this.listener[Symbol.asyncDispose]();
  }
}
