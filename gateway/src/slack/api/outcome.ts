import { WebAPIPlatformError, WebAPIRateLimitedError } from "@slack/web-api";
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
