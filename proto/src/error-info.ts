import { Metadata, type ServiceError, type status } from "@grpc/grpc-js";
import { ErrorInfo } from "./gen/google/rpc/error_details.js";
import { Status } from "./gen/google/rpc/status.js";

/** The `ErrorInfo.domain` of every error of this contract. */
export const ERROR_DOMAIN = "session.amp";

/** Why a call failed, for programs; session.proto tells which goes with which status. */
export const Reason = {
  SESSION_UNKNOWN: "SESSION_UNKNOWN",
  SESSION_ENDED: "SESSION_ENDED",
  SESSION_EXPIRED: "SESSION_EXPIRED",
  INVALID_FIELD: "INVALID_FIELD",
  QUEUE_FULL: "QUEUE_FULL",
  CURSOR_TOO_OLD: "CURSOR_TOO_OLD",
  APPROVAL_DECIDED: "APPROVAL_DECIDED",
  APPROVAL_EXPIRED: "APPROVAL_EXPIRED",
  DRAINING: "DRAINING",
  DATABASE_UNAVAILABLE: "DATABASE_UNAVAILABLE",
  LEASE_LOST: "LEASE_LOST",
  OWNED_ELSEWHERE: "OWNED_ELSEWHERE",
  TOKEN_MISSING: "TOKEN_MISSING",
  TOKEN_INVALID: "TOKEN_INVALID",
  WORKING_DIR_FORBIDDEN: "WORKING_DIR_FORBIDDEN",
  TURN_CANCELLED: "TURN_CANCELLED",
  TURN_INTERRUPTED: "TURN_INTERRUPTED",
  TURN_FAILED: "TURN_FAILED",
  INTERNAL: "INTERNAL",
} as const;
export type Reason = (typeof Reason)[keyof typeof Reason];

/** The trailer in which gRPC carries a serialized `google.rpc.Status`. */
const DETAILS_KEY = "grpc-status-details-bin";
const ERROR_INFO_TYPE = "type.googleapis.com/google.rpc.ErrorInfo";

/**
 * Bounds of what an error says, in bytes. All of it travels in one block of
 * headers: gRPC's C core (Python, C++ and others) refuses more than 8 KB of
 * them at random, and grpc-js 1.14 hangs above 48 KB, with every other call on
 * the connection. The text is in it twice: percent-encoded, and in base64.
 */
const MAX_TEXT = { utf8: 2_000, encoded: 3_000 };
const MAX_VALUE = 600;
const MAX_VALUES = 1_400;

/** What a failed call tells a program. */
export interface ErrorDetails {
  reason: Reason;
  metadata: Record<string, string>;
}

/**
 * The error a handler answers with: a status, a text for people, and an
 * `ErrorInfo`. What is too long is cut, and ends in an ellipsis then.
 */
export function richError(code: status, text: string, details: ErrorDetails) {
  const message = cutText(text);
  const info = ErrorInfo.encode({
    reason: details.reason,
    domain: ERROR_DOMAIN,
    metadata: cutValues(details.metadata),
  }).finish();
  const metadata = new Metadata();
  const encoded = Status.encode({
    code,
    message,
    details: [{ typeUrl: ERROR_INFO_TYPE, value: Buffer.from(info) }],
  }).finish();
  metadata.set(DETAILS_KEY, Buffer.from(encoded));
  return { code, details: message, metadata };
}

/** Long enough for what fits; of whole characters, as `encodeURI` and UTF-8 ask for. */
function cut(text: string, fits: (part: string) => boolean): string {
  const whole = (end: number) => text.slice(0, end).replace(/\p{Surrogate}/gu, "\uFFFD");
  // Nothing that fits has more UTF-16 units than bytes are allowed.
  const start = Math.min(text.length, MAX_TEXT.utf8);
  if (start === text.length && fits(whole(start))) return whole(start);
  let low = 0;
  let high = start;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (fits(`${whole(middle)}\u2026`)) low = middle;
    else high = middle - 1;
  }
  return `${whole(low).replace(/\uFFFD$/, "")}\u2026`;
}

function cutText(text: string): string {
  const { utf8, encoded } = MAX_TEXT;
  return cut(text, (part) => Buffer.byteLength(part) <= utf8 && encodeURI(part).length <= encoded);
}

function cutValues(metadata: Record<string, string>): Record<string, string> {
  let left = MAX_VALUES;
  return Object.fromEntries(
    Object.entries(metadata).map(([key, value]) => {
      const limit = Math.max(3, Math.min(MAX_VALUE, left));
      const kept = cut(value, (part) => Buffer.byteLength(part) <= limit);
      left -= Buffer.byteLength(kept);
      return [key, kept];
    }),
  );
}

/** The same error, to be answered to somebody else; without what was said to us only. */
export function passOn({ code, details, metadata }: ServiceError): ReturnType<typeof richError> {
  const trailers = new Metadata();
  for (const value of metadata.get(DETAILS_KEY)) trailers.add(DETAILS_KEY, value);
  return { code, details, metadata: trailers };
}

/**
 * The `ErrorInfo` of a failed call; undefined if it has none of our domain
 * that can be read, as when something between us and the backend answered.
 */
export function errorDetails(error: Pick<ServiceError, "metadata">): ErrorDetails | undefined {
  return errorStatus(error)?.infos[0];
}

/** The `google.rpc.Status` of a failed call. */
export interface ErrorStatus {
  code: number;
  message: string;
  /** Every `ErrorInfo` of our domain among its details; the contract has exactly one. */
  infos: ErrorDetails[];
}

/** The `google.rpc.Status` of a failed call; undefined if it has none that can be read. */
export function errorStatus(error: Pick<ServiceError, "metadata">): ErrorStatus | undefined {
  const encoded = error.metadata?.get(DETAILS_KEY)[0];
  if (!Buffer.isBuffer(encoded)) return undefined;
  try {
    const { code, message, details } = Status.decode(encoded);
    const infos = details
      .filter(({ typeUrl }) => typeUrl === ERROR_INFO_TYPE)
      .map(({ value }) => ErrorInfo.decode(value))
      .filter(({ domain }) => domain === ERROR_DOMAIN)
      .map(({ reason, metadata }) => ({ reason: reason as Reason, metadata }));
    return { code, message, infos };
  } catch {
    return undefined;
  }
}
