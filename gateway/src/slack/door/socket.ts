import { setTimeout as delay } from "node:timers/promises";
import { SocketModeClient, type SocketModeOptions } from "@slack/socket-mode";
import type { WebClientOptions } from "@slack/web-api";
import { ExponentialBackoff } from "cockatiel";
import type { Logger } from "pino";
import { z } from "zod";
import { sdkLogger } from "../api/client.js";
import type { SlackHealth } from "../api/health.js";
import { outcomeOf } from "../api/outcome.js";
import { takesOperator } from "../api/refusals.js";
import type { SocketSlots } from "./slots.js";

/** What Socket Mode needs. */
export interface SocketOptions {
  appToken: string;
  clientOptions: WebClientOptions;
  /** Stores a delivery; what resolves is safe. */
  accept: (body: unknown) => Promise<void>;
  logger: Logger;
  /** How many connections all gateways may have; without it, this one has its two. */
  slots?: SocketSlots;
  health?: SlackHealth;
}

/** Two, so that one is there while Slack renews the other, as it does every few hours. */
const CONNECTIONS = 2;
const BACKOFF = new ExponentialBackoff<unknown>({ initialDelay: 500, maxDelay: 30_000 });
/** A connection that lasted so long was a good one. */
const GOOD_MS = 60_000;
/** A connection on which Slack has not said hello by then is none. */
const HELLO_MS = 20_000;
/** An answer to our pings, three of which are sent in this time, is waited for so long, and twice as long for the first. */
const PONG_MS = 12_000;
/** A connection that Slack does not close within so long of our asking is dropped. */
const CLOSE_MS = 2_000;
/** How long Slack is left alone when it says that there are too many connections, or that Socket Mode is off. */
const REFUSED_MS = 60_000;

/**
 * Keeps Socket Mode connections open. The client's own reconnecting ends the
 * process when Slack answers it with an error, or waits for hours; here each
 * connection is a new client, after a bounded pause. One that is silent, in
 * whatever state, is found by our own pings, or by Slack's missing hello, and
 * replaced.
 */
export class SocketConnections implements AsyncDisposable {
  private readonly stop = new AbortController();
  private readonly running: Promise<unknown>;
  private open = 0;
  /** Until when Slack wants no more connections to be opened, by the process's own clock. */
  private quietUntil = 0;

  constructor(private readonly options: SocketOptions) {
    this.running = Promise.all(Array.from({ length: CONNECTIONS }, () => this.keepOne()));
  }

  /** How many are connected now. */
  get connected(): number {
    return this.open;
  }

  private async keepOne(): Promise<void> {
    const { slots } = this.options;
    const { signal } = this.stop;
    while (!signal.aborted) {
      const slot = await slots?.take(signal).catch(() => undefined);
      if (signal.aborted) return;
      const until = slot ? AbortSignal.any([signal, slot.lost]) : signal;
      await this.keepOpen(until);
      await slot?.release();
    }
  }

  private async keepOpen(signal: AbortSignal): Promise<void> {
    let backoff = BACKOFF.next();
    while (!signal.aborted) {
      await pause(this.quietUntil - performance.now(), signal);
      if (signal.aborted) return;
      const began = performance.now();
      try {
        await this.connection(signal);
      } catch (error) {
        this.heard(error);
      }
      backoff = performance.now() - began > GOOD_MS ? BACKOFF.next() : backoff.next(undefined);
      await pause(backoff.duration, signal);
    }
  }

  private heard(error: unknown): void {
    const { logger, health } = this.options;
    const outcome = outcomeOf(error);
    if (outcome.kind === "later" && takesOperator(outcome.reason)) {
      health?.refused("app token", outcome.reason);
    } else if (outcome.kind === "later") this.leaveAlone(outcome.pause);
    logger.warn({ reason: outcome.reason }, "Socket Mode connection failed");
  }

  private leaveAlone(ms: number): void {
    this.quietUntil = Math.max(this.quietUntil, performance.now() + ms);
  }

  /** One connection, from its opening to its end. */
  private async connection(signal: AbortSignal): Promise<void> {
    const { appToken, clientOptions, logger, health } = this.options;
    const client = new EnvelopeClient(
      {
        appToken,
        autoReconnectEnabled: false,
        clientOptions,
        logger: sdkLogger(logger),
        clientPingTimeout: PONG_MS,
      },
      logger,
    );
    client.on("slack_event", (envelope: Envelope) => {
      void this.receive(envelope);
    });
    client.on("authenticated", () => health?.letIn("app token"));
    const ended = new Promise<void>((resolve) => client.once("disconnected", () => resolve()));
    try {
      const started = client.start().then(
        () => true,
        (error: unknown) => {
          throw error ?? new Error("The connection was closed before Slack said hello.");
        },
      );
      const isConnected = await first(started, HELLO_MS, signal);
      if (signal.aborted) return;
      if (!isConnected) throw new Error("Slack did not say hello.");
      logger.info("Socket Mode connected");
      this.open += 1;
      await first(ended, undefined, signal).finally(() => {
        this.open -= 1;
      });
    } finally {
      await close(client, ended);
    }
    const { refusal } = client;
    if (refusal === undefined || signal.aborted) return;
    this.leaveAlone(REFUSED_MS);
    logger.warn({ reason: refusal }, "Slack takes no Socket Mode connection now");
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

/** What the work came to; undefined when the time is over or the signal is aborted before. */
async function first<T>(
  work: Promise<T>,
  ms: number | undefined,
  signal: AbortSignal,
): Promise<T | undefined> {
  const done = new AbortController();
  const until = AbortSignal.any([done.signal, signal]);
  // Of what is given up here nobody waits for the failure.
  work.catch(() => {});
  const over = new Promise<undefined>((resolve) => {
    if (until.aborted) resolve(undefined);
    until.addEventListener("abort", () => resolve(undefined), { once: true });
    if (ms !== undefined)
      pause(ms, until).then(
        () => resolve(undefined),
        () => {},
      );
  });
  return Promise.race([work, over]).finally(() => done.abort());
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return ms > 0 ? delay(ms, undefined, { signal }).catch(() => {}) : Promise.resolve();
}

/** Closes a connection; the library drops one that does not close when it is asked a second time. */
async function close(client: SocketModeClient, ended: Promise<void>): Promise<void> {
  const closed = client.disconnect();
  await Promise.race([closed, ended, delay(CLOSE_MS, undefined, { ref: false })]);
  await client.disconnect();
}

/**
 * The library's client fails on an envelope whose payload has no event, as that
 * of `app_rate_limited` has not, and the process ends, as nobody hears of it
 * (https://github.com/slackapi/node-slack-sdk/issues/2167). Here it gets one, so
 * that it is acknowledged like everything else that is ignored.
 */
export class EnvelopeClient extends SocketModeClient {
  /** Why Slack ended the connection, if it wants no other one soon. */
  refusal: string | undefined;

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
      this.refusal ??= refusalIn(data);
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

const Refusal = z.object({
  type: z.literal("disconnect"),
  reason: z.enum(["too_many_websockets", "link_disabled"]),
});

function refusalIn(data: string | ArrayBuffer): string | undefined {
  // Other messages are read once only.
  if (typeof data !== "string" || !data.includes('"disconnect"')) return undefined;
  return Refusal.safeParse(JSON.parse(data)).data?.reason;
}

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
