import { isUnavailable } from "@amp/postgres";
import { passOn, Reason, richError } from "@amp/proto";
import { type ServiceError, status } from "@grpc/grpc-js";
import type { Logger } from "pino";
import {
  ApprovalClosed,
  CursorTooOld,
  ForbiddenWorkingDir,
  InvalidField,
  SessionError,
  type SessionErrorKind,
} from "../sessions/errors.js";
import type { Failure, Turn } from "../store/model.js";

/** What a failed call is answered with. */
export type RpcError = ReturnType<typeof richError>;

const SESSION_ERRORS: Record<SessionErrorKind, [status, Reason]> = {
  unknown: [status.NOT_FOUND, Reason.SESSION_UNKNOWN],
  ended: [status.NOT_FOUND, Reason.SESSION_ENDED],
  expired: [status.NOT_FOUND, Reason.SESSION_EXPIRED],
  queue_full: [status.RESOURCE_EXHAUSTED, Reason.QUEUE_FULL],
  owned_elsewhere: [status.UNAVAILABLE, Reason.OWNED_ELSEWHERE],
  lease_lost: [status.UNAVAILABLE, Reason.LEASE_LOST],
  draining: [status.UNAVAILABLE, Reason.DRAINING],
  // The stream is lost and the turn is not; the remedy is the same.
  too_slow: [status.UNAVAILABLE, Reason.LEASE_LOST],
};

/** The status of a turn that did not end in a reply. Never NOT_FOUND: its session lives. */
export const FAILURE_STATUS: Record<Failure["kind"], status> = {
  unavailable: status.UNAVAILABLE,
  timeout: status.DEADLINE_EXCEEDED,
  rejected: status.INVALID_ARGUMENT,
  misconfigured: status.FAILED_PRECONDITION,
  internal: status.INTERNAL,
  interrupted: status.ABORTED,
};

/** A call refused before it reached the engine. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  constructor(
    readonly code: status,
    readonly reason: Reason,
    message: string,
  ) {
    super(message);
  }
}

/** What another replica answered a call that was forwarded to it; passed on as it is. */
export class ForwardedFailure extends Error {
  override readonly name = "ForwardedFailure";
  constructor(readonly answer: ServiceError) {
    super(answer.message);
  }
}

/** A turn that ended without a reply, for the call that waited for it. */
export class TurnNotCompleted extends Error {
  override readonly name = "TurnNotCompleted";
  constructor(readonly turn: Turn) {
    super(turn.failure?.message ?? "The turn was cancelled.");
  }
}

/** The one place where errors become statuses. What is not foreseen is logged, and hidden outward. */
export function toRpcError(error: unknown, sessionId: string, logger: Logger): RpcError {
  const metadata: Record<string, string> = sessionId ? { session_id: sessionId } : {};
  if (error instanceof ForwardedFailure) return passOn(error.answer);
  if (error instanceof SessionError) {
    const [code, reason] = SESSION_ERRORS[error.kind];
    return richError(code, error.message, { reason, metadata });
  }
  if (error instanceof TurnNotCompleted) {
    const [code, reason] = turnStatus(error.turn);
    return richError(code, error.message, {
      reason,
      metadata: { ...metadata, seq: String(error.turn.seq) },
    });
  }
  if (error instanceof InvalidField) {
    return richError(status.INVALID_ARGUMENT, error.message, {
      reason: Reason.INVALID_FIELD,
      metadata: { ...metadata, field: error.field },
    });
  }
  if (error instanceof ApprovalClosed) return approvalClosed(error, metadata);
  if (error instanceof CursorTooOld) {
    const reason = Reason.CURSOR_TOO_OLD;
    return richError(status.OUT_OF_RANGE, error.message, { reason, metadata });
  }
  if (error instanceof ForbiddenWorkingDir) {
    const reason = Reason.WORKING_DIR_FORBIDDEN;
    return richError(status.PERMISSION_DENIED, error.message, { reason, metadata });
  }
  if (error instanceof Refusal) {
    return richError(error.code, error.message, { reason: error.reason, metadata });
  }
  if (isUnavailable(error)) {
    logger.warn({ err: error, sessionId }, "the database is away");
    const reason = Reason.DATABASE_UNAVAILABLE;
    const text = "The database cannot be reached now.";
    return richError(status.UNAVAILABLE, text, { reason, metadata });
  }
  logger.error({ err: error, sessionId }, "a call failed unexpectedly");
  const reason = Reason.INTERNAL;
  return richError(status.INTERNAL, "Something went wrong.", { reason, metadata });
}

function approvalClosed(
  { message, approval: { decision } }: ApprovalClosed,
  metadata: Record<string, string>,
): RpcError {
  const code = status.FAILED_PRECONDITION;
  if (!decision) return richError(code, message, { reason: Reason.APPROVAL_EXPIRED, metadata });
  const { optionId, by } = decision;
  return richError(code, message, {
    reason: Reason.APPROVAL_DECIDED,
    metadata: {
      ...metadata,
      option_id: optionId,
      decided_by_surface: by?.surface ?? "",
      decided_by_user: by?.user ?? "",
      decided_by_name: by?.displayName ?? "",
    },
  });
}

function turnStatus({ state, failure }: Turn): [status, Reason] {
  if (state === "interrupted") return [status.ABORTED, Reason.TURN_INTERRUPTED];
  if (!failure) return [status.CANCELLED, Reason.TURN_CANCELLED];
  return [FAILURE_STATUS[failure.kind], Reason.TURN_FAILED];
}
