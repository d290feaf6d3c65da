import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { SocketModeClient } from "@slack/socket-mode";
import type { WebClientOptions } from "@slack/web-api";
import { ExponentialBackoff } from "cockatiel";
import type { Logger } from "pino";
import { sdkLogger } from "../api/client.js";

/** What Socket Mode needs. */
export interface SocketOptions {
  appToken: string;
  clientOptions: WebClientOptions;
  /** Stores a delivery; what resolves is safe. */
  accept: (body: unknown) => Promise<void>;
  logger: Logger;
}

/** Two, so that one is there while Slack renews the other, as it does every few hours. */
const CONNECTIONS = 2;
const BACKOFF = new ExponentialBackoff<unknown>({ initialDelay: 500, maxDelay: 30_000 });
/** A connection that lasted so long was a good one. */
const GOOD_MS = 60_000;

/**
 * Keeps Socket Mode connections open. The client's own reconnecting ends the
 * process when Slack answers it with an error, or waits for hours; here each
 * connection is a new client, after a bounded pause.
 */
export class SocketConnections implements AsyncDisposable {
  private readonly stop = new AbortController();
  private readonly running: Promise<unknown>;

  constructor(private readonly options: SocketOptions) {
    this.running = Promise.all(Array.from({ length: CONNECTIONS }, () => this.keepOne()));
  }

  private async keepOne(): Promise<void> {
    const { signal } = this.stop;
    let backoff = BACKOFF.next();
    while (!signal.aborted) {
      const began = performance.now();
      try {
        await this.connection();
      } catch (error) {
        this.options.logger.warn({ err: error }, "Socket Mode connection failed");
      }
      backoff = performance.now() - began > GOOD_MS ? BACKOFF.next() : backoff.next(undefined);
      await delay(backoff.duration, undefined, { signal }).catch(() => {});
    }
  }

  /** One connection, from its opening to its end. */
  private async connection(): Promise<void> {
    const { appToken, clientOptions, logger } = this.options;
    const client = new SocketModeClient({
      appToken,
      autoReconnectEnabled: false,
      clientOptions,
      logger: sdkLogger(logger),
    });
    client.on("slack_event", (envelope: Envelope) => {
      void this.receive(envelope);
    });
    const ended = new Promise<void>((resolve) => client.once("disconnected", () => resolve()));
    await client.start();
    logger.info("Socket Mode connected");
    const stopped = this.stop.signal.aborted ? Promise.resolve() : once(this.stop.signal, "abort");
    await Promise.race([ended, stopped]);
    await client.disconnect();
  }

  /** Not acknowledged, Slack delivers again. */
  private async receive({ body, ack }: Envelope): Promise<void> {
    try {
      await this.options.accept(body);
      await ack();
    } catch (error) {
      this.options.logger.error({ err: error }, "could not take a Socket Mode delivery");
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop.abort();
    await this.running;
  }
}

interface Envelope {
  body: unknown;
  ack: () => Promise<void>;
}
