import { WebAPIPlatformError, WebAPIRateLimitedError } from "@slack/web-api";

/**
 * What a failed call to Slack means:
 * - `later`: Slack did not do it and says when to come back;
 * - `blocks`: Slack did not do it, because of the blocks;
 * - `absent`: Slack did not do it, because the app cannot write there;
 * - `refused`: Slack did not do it and never will;
 * - `unknown`: Slack may have done it.
 */
export type Outcome =
  | { kind: "later"; pause: number }
  | { kind: "blocks" | "absent" | "refused" | "unknown"; reason: string };

const ABSENT = new Set(["not_in_channel", "channel_not_found", "restricted_action"]);
const BLOCKS = /blocks|markdown/;
/** Errors of https://docs.slack.dev/reference/methods/chat.postMessage that say nothing about the call. */
const SLACK_IN_TROUBLE = new Set([
  "internal_error",
  "fatal_error",
  "service_unavailable",
  "request_timeout",
  "team_added_to_org",
]);

/** Reads the error of a call. */
export function outcomeOf(error: unknown): Outcome {
  if (error instanceof WebAPIRateLimitedError) {
    return { kind: "later", pause: error.retryAfter * 1_000 };
  }
  if (!(error instanceof WebAPIPlatformError)) return { kind: "unknown", reason: String(error) };
  const reason = error.data.error;
  if (reason === "ratelimited" || reason === "rate_limited") return { kind: "later", pause: 1_000 };
  if (SLACK_IN_TROUBLE.has(reason)) return { kind: "unknown", reason };
  if (ABSENT.has(reason)) return { kind: "absent", reason };
  if (BLOCKS.test(reason)) return { kind: "blocks", reason };
  return { kind: "refused", reason };
}
