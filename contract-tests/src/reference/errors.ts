import { type Approval, Reason, richError, type Turn, type TurnFailure } from "@amp/proto";
import { status } from "@grpc/grpc-js";

/** What a call fails with: made by `richError`. */
export type Failure = ReturnType<typeof richError>;

export function unknownSession(sessionId: string): Failure {
  return richError(status.NOT_FOUND, "There is no such session.", {
    reason: Reason.SESSION_UNKNOWN,
    metadata: { session_id: sessionId },
  });
}

export function endedSession(sessionId: string): Failure {
  return richError(status.NOT_FOUND, "The session has ended.", {
    reason: Reason.SESSION_ENDED,
    metadata: { session_id: sessionId },
  });
}

export function queueFull(sessionId: string): Failure {
  return richError(status.RESOURCE_EXHAUSTED, "Too many turns wait in this session.", {
    reason: Reason.QUEUE_FULL,
    metadata: { session_id: sessionId },
  });
}

export function turnFailed({ sessionId, seq }: Turn, { code, message }: TurnFailure): Failure {
  return richError(code as status, message, {
    reason: Reason.TURN_FAILED,
    metadata: { session_id: sessionId, seq: String(seq) },
  });
}

export function turnCancelled(sessionId: string, seq: number): Failure {
  return richError(status.CANCELLED, "The turn was cancelled.", {
    reason: Reason.TURN_CANCELLED,
    metadata: { session_id: sessionId, seq: String(seq) },
  });
}

/** Tells who was first, and with what. */
export function approvalDecided(
  sessionId: string,
  { optionId, decidedBy }: Pick<Approval, "optionId" | "decidedBy">,
): Failure {
  return richError(status.FAILED_PRECONDITION, "Somebody has answered this.", {
    reason: Reason.APPROVAL_DECIDED,
    metadata: {
      session_id: sessionId,
      option_id: optionId,
      decided_by_surface: decidedBy?.surface ?? "",
      decided_by_user: decidedBy?.user ?? "",
      decided_by_name: decidedBy?.displayName ?? "",
    },
  });
}

export function approvalExpired(sessionId: string): Failure {
  return richError(status.FAILED_PRECONDITION, "The turn that asked is over.", {
    reason: Reason.APPROVAL_EXPIRED,
    metadata: { session_id: sessionId },
  });
}

export function unauthenticated(reason: Reason): Failure {
  return richError(status.UNAUTHENTICATED, "A token is needed.", { reason, metadata: {} });
}

export function cursorTooOld(): Failure {
  return richError(status.OUT_OF_RANGE, "Nothing is known of endings after this cursor.", {
    reason: Reason.CURSOR_TOO_OLD,
    metadata: {},
  });
}

/** @throws INVALID_ARGUMENT naming the field, and the session if any, unless the condition holds. */
export function check(condition: boolean, field: string, sessionId?: string): asserts condition {
  if (condition) return;
  throw richError(status.INVALID_ARGUMENT, `${field} cannot be this.`, {
    reason: Reason.INVALID_FIELD,
    metadata: sessionId === undefined ? { field } : { field, session_id: sessionId },
  });
}
