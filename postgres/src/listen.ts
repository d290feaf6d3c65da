import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { connection, type PoolOptions } from "./pool.js";

/** A running `listen`. */
export interface Listener extends AsyncDisposable {
  /** Resolves when the first connection listens. */
  ready: Promise<void>;
}

const RECONNECT_MS = 500;
/** How long a server has to say goodbye; one that is gone never does. */
const GOODBYE_MS = 500;

/**
 * Listens for notifications on a connection of its own, and comes back when it
 * is lost. A notification sent meanwhile is gone: `onConnect` is called on
 * every (re)connection, so that the caller can look at what it may have missed.
 */
export function listen(
  options: PoolOptions,
  channels: string[],
  onNotify: (channel: string, payload: string) => void,
  onConnect: () => void = () => {},
): Listener {
  const stop = new AbortController();
  let markReady = () => {};
  const ready = new Promise<void>((resolve) => {
    markReady = resolve;
  });
  let client: pg.Client | undefined;

  async function once(): Promise<void> {
    client = new pg.Client(connection(options));
    const ended = new Promise<void>((resolve) => client?.once("end", resolve));
    client.on("error", (error) => options.logger.debug({ err: error }, "listener connection"));
    client.on("notification", ({ channel, payload }) => onNotify(channel, payload ?? ""));
    // An end in the middle of connecting leaves `connect` waiting for ever.
    await Promise.race([client.connect(), ended]);
    if (stop.signal.aborted) return;
    for (const channel of channels) await client.query(`listen ${pg.escapeIdentifier(channel)}`);
    markReady();
    onConnect();
    await ended;
  }

  const running = (async () => {
    while (!stop.signal.aborted) {
      await once().catch((error: unknown) =>
        options.logger.warn({ err: error }, "cannot listen for notifications"),
      );
      if (client) await close(client);
      await delay(RECONNECT_MS, undefined, { signal: stop.signal }).catch(() => {});
    }
  })();

  return {
    ready,
    async [Symbol.asyncDispose]() {
      stop.abort();
      if (client) await close(client);
      await running;
    },
  };
}

/** Closes the connection, with the server's consent or without. */
async function close(client: pg.Client): Promise<void> {
  const timer = setTimeout(() => client.connection.stream.destroy(), GOODBYE_MS);
  await client.end().catch(() => {});
  clearTimeout(timer);
}
