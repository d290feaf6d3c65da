import { WebAPIPlatformError, WebAPIRateLimitedError } from "@slack/web-api";

/**
 * What a failed call to Slack means:
 * - `later`: Slack did not do it, and will after a pause: it limits calls, or an operator must act;
 * - `blocks`: Slack did not do it, because of the blocks;
 * - `absent`: Slack did not do it, because the app cannot write there;
 * - `refused`: Slack did not do it and never will;
 * - `unknown`: Slack may have done it.
 */
export type Outcome =
  | { kind: "later"; pause: number; reason: string }
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

/** Errors by which Slack does not know the app any more, until its operator installs it anew or changes the token. */
const NOT_LET_IN = new Set([
  "account_inactive",
  "ekm_access_denied",
  "invalid_auth",
  "missing_scope",
  "not_authed",
  "org_login_required",
  "team_access_not_granted",
  "token_expired",
  "token_revoked",
]);
/** How soon that is tried again, in milliseconds. */
const OPERATOR_PAUSE_MS = 30_000;

/** Reads the error of a call. */
export function outcomeOf(error: unknown): Outcome {
  if (error instanceof WebAPIRateLimitedError) {
    return { kind: "later", pause: error.retryAfter * 1_000, reason: "ratelimited" };
  }
  if (!(error instanceof WebAPIPlatformError)) return { kind: "unknown", reason: String(error) };
  const reason = error.data.error;
  if (reason === "ratelimited" || reason === "rate_limited") {
    return { kind: "later", pause: 1_000, reason };
  }
  if (NOT_LET_IN.has(reason)) return { kind: "later", pause: OPERATOR_PAUSE_MS, reason };
  // An answer that is no word of Slack's comes from something in between.
  if (SLACK_IN_TROUBLE.has(reason) || !/^\w+$/.test(reason)) return { kind: "unknown", reason };
  if (ABSENT.has(reason)) return { kind: "absent", reason };
  if (BLOCKS.test(reason)) return { kind: "blocks", reason };
  return { kind: "refused", reason };
}
