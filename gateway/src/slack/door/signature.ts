import type { IncomingHttpHeaders } from "node:http";
import { isValidSlackRequest } from "@slack/bolt";

/** Seconds that a request may be older or newer than our clock. */
const WINDOW_S = 300;

/**
 * Whether the headers are those of a request that Slack signed just now, as far
 * as they tell without the body: a signature in Slack's form, and a time.
 */
export function mayBeSigned(
  signingSecret: string | undefined,
  headers: IncomingHttpHeaders,
  now = Date.now(),
): boolean {
  const signature = headers["x-slack-signature"];
  const time = headers["x-slack-request-timestamp"];
  if (!signingSecret || typeof signature !== "string" || typeof time !== "string") return false;
  if (!/^v0=[\da-f]{64}$/.test(signature) || !/^\d{1,12}$/.test(time)) return false;
  return Math.abs(now / 1_000 - Number(time)) <= WINDOW_S;
}

/**
 * Whether Slack signed the request just now.
 * https://docs.slack.dev/authentication/verifying-requests-from-slack
 */
export function isSigned(
  signingSecret: string | undefined,
  headers: IncomingHttpHeaders,
  body: string,
  now = Date.now(),
): boolean {
  // Bolt refuses old requests, but takes any from the future.
  if (!signingSecret || !mayBeSigned(signingSecret, headers, now)) return false;
  return isValidSlackRequest({
    signingSecret,
    body,
    nowMilliseconds: now,
    headers: {
      "x-slack-signature": String(headers["x-slack-signature"]),
      "x-slack-request-timestamp": Number(headers["x-slack-request-timestamp"]),
    },
  });
}
