import { setTimeout as delay } from "node:timers/promises";

/** Something that runs until it dies or is stopped. */
export interface Running {
  /** Resolves when it is gone, with how it went. */
  exited: Promise<string>;
  stop(): Promise<void>;
}

const FIRST_WAIT_MS = 200;
const LONGEST_WAIT_MS = 10_000;
/** Who lived that long is not in a crash loop. */
const STABLE_MS = 30_000;

/**
 * Starts something, and starts it again whenever it dies, waiting longer each
 * time. The first start must succeed; its error is thrown. Disposing stops it.
 */
export async function keepRunning(
  start: () => Promise<Running>,
  onDeath: (how: string) => void,
): Promise<AsyncDisposable> {
  const stopping = new AbortController();
  let running = await start();
  let death = running.exited;

  async function startAgain(): Promise<string> {
    running = await start();
    if (stopping.signal.aborted) await running.stop();
    return running.exited;
  }

  const loop = (async () => {
    let wait = FIRST_WAIT_MS;
    for (;;) {
      const begun = Date.now();
      const how = await death.catch((error: Error) => error.message);
      if (stopping.signal.aborted) return;
      onDeath(how);
      if (Date.now() - begun > STABLE_MS) wait = FIRST_WAIT_MS;
      await delay(wait, undefined, { signal: stopping.signal }).catch(() => {});
      if (stopping.signal.aborted) return;
      wait = Math.min(wait * 2, LONGEST_WAIT_MS);
      death = startAgain();
    }
  })();

  return {
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await running.stop();
      await loop;
    },
  };
}
