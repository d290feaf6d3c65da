import { WebAPIPlatformError, WebAPIRateLimitedError, WebAPIRequestError } from "@slack/web-api";
import { type Policy, pauseOf, policyOf } from "./refusals.js";

/**
 * What a failed call to Slack means. `unknown`: Slack may have done it; all
 * others: it did not. `reason` is Slack's error code, or what went wrong before
 * there was one; it holds nothing that people wrote.
 */
export type Outcome =
  | { kind: "later"; pause: number; reason: string }
  | { kind: Exclude<Policy, "later">; reason: string };

/** Reads the error of a call. */
export function outcomeOf(error: unknown): Outcome {
  if (error instanceof WebAPIRateLimitedError) {
    return { kind: "later", pause: error.retryAfter * 1_000, reason: "ratelimited" };
  }
  if (!(error instanceof WebAPIPlatformError)) return { kind: "unknown", reason: String(error) };
  const reason = error.data.error;
  // An answer that is no word of Slack's comes from something in between.
  if (!/^\w+$/.test(reason)) return { kind: "unknown", reason: "no word of Slack's" };
  const kind = policyOf(reason);
  return kind === "later" ? { kind, pause: pauseOf(reason), reason } : { kind, reason };
}

/** What went wrong before anything could be sent: Slack has no address, or there is no connection. */
const NEVER_SENT: readonly unknown[] = [
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "UND_ERR_CONNECT_TIMEOUT",
];

/** Whether a call failed before anything of it was sent, so that Slack cannot have done it. */
export function neverSent(error: unknown): boolean {
  const cause = error instanceof WebAPIRequestError ? error.original.cause : undefined;
  return cause instanceof Error && "code" in cause && NEVER_SENT.includes(cause.code);
}
