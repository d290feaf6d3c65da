import type { Headers } from "undici";
import { PassingError } from "./failures.js";

/** A user waits no longer than this for an endpoint that asks to slow down. */
const MAX_RETRY_AFTER_MS = 10_000;

/**
 * Milliseconds after which a failed request may be sent again; undefined when it
 * may not. Back-off is spread at random, so that sessions that failed together
 * do not come back together.
 * @param attempt counts from 0.
 */
export function retryDelay(
  error: unknown,
  attempt: number,
  delays: readonly number[],
): number | undefined {
  const backOff = delays[attempt];
  if (!(error instanceof PassingError) || backOff === undefined) return undefined;
  if (error.retryAfter === undefined) return backOff * (0.5 + Math.random() / 2);
  return error.retryAfter <= MAX_RETRY_AFTER_MS ? error.retryAfter : undefined;
}

/**
 * Milliseconds from the header of that name, which has seconds or a date (RFC 9110
 * section 10.2.3), or from OpenAI's more precise `retry-after-ms`.
 */
export function retryAfter(headers: Pick<Headers, "get">): number | undefined {
  const precise = headers.get("retry-after-ms");
  const value = headers.get("retry-after");
  const milliseconds = precise
    ? Number(precise)
    : value && (/^[\d.]+$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - Date.now());
  if (typeof milliseconds !== "number" || Number.isNaN(milliseconds)) return undefined;
  return Math.max(0, milliseconds);
}
