import { LogLevel, WebClient, type WebClientOptions } from "@slack/web-api";
import type { Logger } from "pino";
import type { SlackConfig } from "../config.js";

/** How long a call may take, in milliseconds. */
export const SLACK_TIMEOUT_MS = 10_000;

/**
 * Options of every client of Slack's Web API. The defaults post again after a
 * lost answer, so that a message may be seen twice, and sleep through a rate
 * limit with the whole client; here every failure comes back at once, and the
 * outbox knows what to do with it.
 */
export function clientOptions({ apiUrl }: SlackConfig, logger: Logger): WebClientOptions {
  return {
    slackApiUrl: apiUrl,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    timeout: SLACK_TIMEOUT_MS,
    logger: sdkLogger(logger),
  };
}

/** A client that acts as the app's bot. */
export function botClient(config: SlackConfig, logger: Logger): WebClient {
  return new WebClient(config.botToken, clientOptions(config, logger));
}

/** Slack's libraries log what they also throw, and payloads at debug level: only their warnings are kept, as debug. */
export function sdkLogger(logger: Logger) {
  const keep = (...texts: unknown[]) => logger.debug({ texts: texts.map(String) }, "Slack SDK");
  return {
    debug() {},
    info() {},
    warn: keep,
    error: keep,
    setLevel() {},
    getLevel: () => LogLevel.WARN,
    setName() {},
  };
}
