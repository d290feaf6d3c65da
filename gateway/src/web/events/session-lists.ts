import { setTimeout as delay } from "node:timers/promises";
import { type Listener, listen, type PoolOptions } from "@amp/postgres";
import type { Logger } from "pino";
import type { Lists } from "../store/lists.js";
import type { SessionMapping } from "../store/mappings.js";

/** The migration's trigger notifies of every change; the payload is the mapping's id and then the user's. */
const CHANNEL = "amp_gateway_web_session";
const ID_LENGTH = 36;
/** Who has missed more entries than this reads the list anew. */
const MOST_MISSED = 200;
/** How soon entries that could not be read are read again. */
const RETRY_MS = 1_000;

/** Which entries changed, as they are now; or that any may have. */
export type ListChange = SessionMapping[] | "any";

/** One open event stream. */
interface Watcher {
  missed: Map<string, SessionMapping> | "any";
  wake: () => void;
}

/**
 * Tells what changed in users' lists of sessions, through whichever gateway. A
 * changed entry is read once, however many streams of its user are open.
 */
export class SessionLists implements AsyncDisposable {
  private readonly watchers = new Map<string, Set<Watcher>>();
  private readonly changed = new Map<string, Set<string>>();
  private readonly stop = new AbortController();
  private reading: Promise<void> | undefined;
  private readonly listener: Listener;

  constructor(
    database: PoolOptions,
    private readonly lists: Lists,
    private readonly logger: Logger,
  ) {
    const onNotify = (_channel: string, payload: string) => {
      const user = payload.slice(ID_LENGTH);
      if (!this.watchers.has(user)) return;
      const ids = this.changed.get(user) ?? new Set();
      this.changed.set(user, ids.add(payload.slice(0, ID_LENGTH)));
      this.reading ??= this.read().finally(() => {
        this.reading = undefined;
      });
    };
    const onConnect = () => {
      for (const user of this.watchers.keys()) this.tell(user, "any");
    };
    this.listener = listen(database, [CHANNEL], onNotify, onConnect);
  }

  /** Reads what changed and hands it to those who watch. */
  private async read(): Promise<void> {
    while (this.changed.size > 0 && !this.stop.signal.aborted) {
      const batch = [...this.changed];
      this.changed.clear();
      try {
        const rows = await this.lists.entries(batch.flatMap(([, ids]) => [...ids]));
        for (const [user] of batch) {
          this.tell(
            user,
            rows.filter((row) => row.user_id === user),
          );
        }
      } catch (error) {
        this.logger.debug({ err: error }, "cannot read changed sessions now");
        for (const [user, ids] of batch) {
          this.changed.set(user, new Set([...ids, ...(this.changed.get(user) ?? [])]));
        }
        await delay(RETRY_MS, undefined, { signal: this.stop.signal }).catch(() => {});
      }
    }
  }

  private tell(user: string, change: ListChange): void {
    for (const watcher of this.watchers.get(user) ?? []) {
      if (change === "any") watcher.missed = "any";
      if (change !== "any" && watcher.missed !== "any") {
        for (const row of change) watcher.missed.set(row.mapping_id, row);
        if (watcher.missed.size > MOST_MISSED) watcher.missed = "any";
      }
      watcher.wake();
    }
  }

  /** Yields "any" at once, and then what changed; changes meanwhile are told together. Ends with the signal. */
  async *changes(user: string, signal: AbortSignal): AsyncGenerator<ListChange, void, undefined> {
    const watcher: Watcher = { missed: "any", wake: () => {} };
    const watchers = this.watchers.get(user) ?? new Set();
    this.watchers.set(user, watchers.add(watcher));
    const onAbort = () => watcher.wake();
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      while (!signal.aborted) {
        const { missed } = watcher;
        if (missed === "any" || missed.size > 0) {
          watcher.missed = new Map();
          yield missed === "any" ? missed : [...missed.values()];
        } else {
          await new Promise<void>((resolve) => {
            watcher.wake = resolve;
          });
        }
      }
    } finally {
      signal.removeEventListener("abort", onAbort);
      watchers.delete(watcher);
      if (watchers.size === 0) this.watchers.delete(user);
    }
  }

  /** Resolves when changes are heard of. */
  get ready(): Promise<void> {
    return this.listener.ready;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop.abort();
    await this.listener[Symbol.asyncDispose]();
    await this.reading;
  }
}
