import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { connection, type PoolOptions } from "./pool.js";

/** A running `listen`. */
export interface Listener extends AsyncDisposable {
  /** Resolves when the first connection listens. */
  ready: Promise<void>;
}

const RECONNECT_MS = 500;
/** How often a connection that only listens is asked whether it is alive. */
const PROBE_MS = 30_000;
/** How long the answer may take, as that to any other question of a listener's. */
const ANSWER_MS = 5_000;
/** How long a server has to say goodbye; one that is gone never does. */
const GOODBYE_MS = 500;

/** What to listen with. */
export interface ListenOptions extends PoolOptions {
  /** Milliseconds between two looks whether the connection is alive; 30 s by default. */
  probeInterval?: number;
}

/**
 * Listens for notifications on a connection of its own, and comes back when it
 * is lost, also when it is lost without a word. A notification sent meanwhile is
 * gone: `onConnect` is called on every (re)connection, so that the caller can look
 * at what it may have missed.
 */
export function listen(
  options: ListenOptions,
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
    const timeout = options.queryTimeout ?? ANSWER_MS;
    client = new pg.Client({ ...connection(options), query_timeout: timeout });
    const ended = new Promise<void>((resolve) => client?.once("end", resolve));
    client.on("error", (error) => options.logger.debug({ err: error }, "listener connection"));
    client.on("notification", ({ channel, payload }) => onNotify(channel, payload ?? ""));
    // An end in the middle of connecting leaves `connect` waiting for ever.
    await Promise.race([client.connect(), ended]);
    if (stop.signal.aborted) return;
    for (const channel of channels) await client.query(`listen ${pg.escapeIdentifier(channel)}`);
    markReady();
    onConnect();
    await untilLost(client, ended);
  }

  /** Asks the server now and then for a sign of life. @throws when none comes */
  async function untilLost(client: pg.Client, ended: Promise<void>): Promise<void> {
    let lost = false;
    const end = ended.then(() => {
      lost = true;
    });
    const interval = options.probeInterval ?? PROBE_MS;
    while (!lost) {
      const pause = new AbortController();
      await Promise.race([end, delay(interval, undefined, { signal: pause.signal })]).catch(
        () => {},
      );
      pause.abort();
      if (!lost) await client.query("select 1");
    }
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
