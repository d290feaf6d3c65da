import { errorDetails, Reason, RequestNotSendable } from "@amp/proto";
import { status } from "@grpc/grpc-js";

/**
 * What a failed call to the backend means for whoever holds a mapping:
 * - `dead`: the session is gone for good; deactivate the mapping;
 * - `transient`: the backend was away for as long as it was worth trying, or
 *   the outcome is unknown; the same request_id may be sent again later;
 * - `busy`: too many turns wait in this session; try later;
 * - `turn`: the turn itself ended without a reply, for good: failed, cancelled
 *   or interrupted; tell it, and do not repeat it;
 * - `late`: somebody answered the question first, or its turn is over; tell the
 *   caller;
 * - `invalid`: the call is wrong; tell the caller;
 * - `denied`: our credentials or settings are wrong; an operator's problem;
 * - `internal`: a bug on the other side.
 * Only `dead` ends a mapping.
 */
export type BackendErrorKind =
  | "dead"
  | "transient"
  | "busy"
  | "turn"
  | "late"
  | "invalid"
  | "denied"
  | "internal";

/** A call that the backend did not do. */
export class BackendError extends Error {
  override readonly name = "BackendError";
  /** The turn that it is about, if the backend told. */
  readonly seq: number | undefined;
  constructor(
    readonly kind: BackendErrorKind,
    /** For people: what the backend said. */
    message: string,
    /** For programs: the contract's reason, if the backend answered at all. */
    readonly reason: Reason | undefined,
    /** The name of the gRPC status, for logs. */
    readonly code: string,
    { seq, ...options }: ErrorOptions & { seq?: number | undefined } = {},
  ) {
    super(message, options);
    this.seq = seq;
  }
}

/** Whether the error says that the session is gone for good. */
export function isDead(error: unknown): error is BackendError {
  return error instanceof BackendError && error.kind === "dead";
}

/** Translates what grpc-js throws; anything else is returned as it is. */
export function toBackendError(error: unknown): unknown {
  if (error instanceof RequestNotSendable) {
    return new BackendError("invalid", error.message, undefined, "INVALID_ARGUMENT", {
      cause: error,
    });
  }
  if (!isServiceError(error)) return error;
  const { reason, metadata } = errorDetails(error) ?? {};
  const text = error.details || error.message;
  const seq = Number(metadata?.["seq"]) || undefined;
  return new BackendError(kindOf(error.code, reason), text, reason, status[error.code], {
    cause: error,
    seq,
  });
}

const TURN_REASONS = new Set<string>([
  Reason.TURN_FAILED,
  Reason.TURN_CANCELLED,
  Reason.TURN_INTERRUPTED,
]);

const LATE_REASONS = new Set<string>([Reason.APPROVAL_DECIDED, Reason.APPROVAL_EXPIRED]);

/** Only these say that a session is dead: any other NOT_FOUND may be a proxy's, or a wrong address. */
const DEAD_REASONS = new Set<string>([
  Reason.SESSION_UNKNOWN,
  Reason.SESSION_ENDED,
  Reason.SESSION_EXPIRED,
]);

function kindOf(code: status, reason: Reason | undefined): BackendErrorKind {
  if (code === status.NOT_FOUND) {
    return reason !== undefined && DEAD_REASONS.has(reason) ? "dead" : "internal";
  }
  if (reason !== undefined && TURN_REASONS.has(reason)) return "turn";
  if (reason !== undefined && LATE_REASONS.has(reason)) return "late";
  switch (code) {
    // A CANCELLED that we did not ask for is a server that shuts down hard.
    case status.UNAVAILABLE:
    case status.CANCELLED:
    case status.ABORTED:
    case status.DEADLINE_EXCEEDED:
      return "transient";
    case status.RESOURCE_EXHAUSTED:
      return reason === Reason.QUEUE_FULL ? "busy" : "invalid";
    case status.INVALID_ARGUMENT:
    case status.FAILED_PRECONDITION:
    case status.OUT_OF_RANGE:
    case status.ALREADY_EXISTS:
      return "invalid";
    case status.UNAUTHENTICATED:
    case status.PERMISSION_DENIED:
      return "denied";
    // The backend says why; without that it is grpc-js that speaks, of a stream that broke off without a status.
    case status.INTERNAL:
    case status.UNKNOWN:
      return reason === undefined ? "transient" : "internal";
    default:
      return "internal";
  }
}

function isServiceError(error: unknown): error is Parameters<typeof errorDetails>[0] & {
  code: status;
  details: string;
  message: string;
} {
  return error instanceof Error && "code" in error && "details" in error && "metadata" in error;
}
