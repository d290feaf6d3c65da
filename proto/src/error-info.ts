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
 * Details over some 48 KB make a call hang until its deadline (seen with
 * grpc-js 1.14), so texts are cut well below that.
 */
const MAX_TEXT = 2_000;

/** What a failed call tells a program. */
export interface ErrorDetails {
  reason: Reason;
  metadata: Record<string, string>;
}

/** The error a handler answers with: a status, a text for people, and an `ErrorInfo`. */
export function richError(code: status, text: string, details: ErrorDetails) {
  const message = text.slice(0, MAX_TEXT);
  const info = ErrorInfo.encode({
    reason: details.reason,
    domain: ERROR_DOMAIN,
    metadata: details.metadata,
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
  const encoded = error.metadata?.get(DETAILS_KEY)[0];
  if (!Buffer.isBuffer(encoded)) return undefined;
  try {
    const info = Status.decode(encoded).details.find((any) => any.typeUrl === ERROR_INFO_TYPE);
    if (!info) return undefined;
    const { reason, domain, metadata } = ErrorInfo.decode(info.value);
    if (domain !== ERROR_DOMAIN) return undefined;
    return { reason: reason as Reason, metadata };
  } catch {
    return undefined;
  }
}
