import type { IncomingHttpHeaders } from "node:http";
import { isValidSlackRequest } from "@slack/bolt";

/** Seconds that a request may be older or newer than our clock. */
const WINDOW_S = 300;

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
  const signature = headers["x-slack-signature"];
  const timestamp = Number(headers["x-slack-request-timestamp"]);
  if (!signingSecret || typeof signature !== "string" || !Number.isInteger(timestamp)) return false;
  // Bolt refuses the old ones, but takes any from the future.
  if (Math.abs(now / 1_000 - timestamp) > WINDOW_S) return false;
  return isValidSlackRequest({
    signingSecret,
    body,
    nowMilliseconds: now,
    headers: { "x-slack-signature": signature, "x-slack-request-timestamp": timestamp },
  });
}
