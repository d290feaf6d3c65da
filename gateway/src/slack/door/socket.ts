import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { SocketModeClient, type SocketModeOptions } from "@slack/socket-mode";
import type { WebClientOptions } from "@slack/web-api";
import { ExponentialBackoff } from "cockatiel";
import type { Logger } from "pino";
import { z } from "zod";
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
    const client = new EnvelopeClient(
      { appToken, autoReconnectEnabled: false, clientOptions, logger: sdkLogger(logger) },
      logger,
    );
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

/**
 * The library's client fails on an envelope whose payload has no event, as that
 * of `app_rate_limited` has not, and the process ends, as nobody hears of it
 * (https://github.com/slackapi/node-slack-sdk/issues/2167). Here it gets one, so
 * that it is acknowledged like everything else that is ignored.
 */
export class EnvelopeClient extends SocketModeClient {
  constructor(
    options: SocketModeOptions,
    private readonly log: Logger,
  ) {
    super(options);
  }

  protected override async onWebSocketMessage(
    data: string | ArrayBuffer,
    isBinary: boolean,
  ): Promise<void> {
    try {
      await super.onWebSocketMessage(typeof data === "string" ? withEvent(data) : data, isBinary);
    } catch (error) {
      this.log.warn({ err: error }, "could not read a Socket Mode envelope");
    }
  }
}

const Eventless = z.looseObject({
  type: z.literal("events_api"),
  payload: z.looseObject({ type: z.string(), event: z.undefined().optional() }),
});

function withEvent(text: string): string {
  const { data: envelope } = Eventless.safeParse(JSON.parse(text));
  if (!envelope) return text;
  const { payload } = envelope;
  return JSON.stringify({ ...envelope, payload: { ...payload, event: { type: payload.type } } });
}

interface Envelope {
  body: unknown;
  ack: () => Promise<void>;
}
