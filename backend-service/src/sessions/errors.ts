import type { Approval, Owner } from "../store/model.js";

/**
 * Why the engine cannot serve a call. Dead for good: `unknown`, `ended`, `expired`. To be
 * tried again: `queue_full` after a while, all others at once and with the same
 * request id; the turn itself, if it was accepted, goes on.
 */
export type SessionErrorKind =
  | "unknown"
  | "ended"
  | "expired"
  | "queue_full"
  | "owned_elsewhere"
  | "lease_lost"
  | "draining"
  /** The caller reads a stream too slowly. */
  | "too_slow";

const TEXT: Record<SessionErrorKind, string> = {
  unknown: "There is no such session.",
  ended: "The session has ended.",
  expired: "The session has expired.",
  queue_full: "Too many messages wait in this session.",
  owned_elsewhere: "Another replica runs this session.",
  lease_lost: "This replica lost the session for now.",
  draining: "The backend is shutting down.",
  too_slow: "The stream is read too slowly.",
};

/** A call that the engine refuses. */
export class SessionError extends Error {
  override readonly name = "SessionError";
  constructor(
    readonly kind: SessionErrorKind,
    readonly sessionId: string,
  ) {
    super(TEXT[kind]);
  }
}

/** A cursor after which endings are forgotten, or that is none of this database's. */
export class CursorTooOld extends Error {
  override readonly name = "CursorTooOld";
}

/** A call that only the owner of its session can serve. */
export class OwnedElsewhere extends SessionError {
  constructor(
    sessionId: string,
    /** Undefined when it is yet to be found out. */
    readonly owner?: Owner,
  ) {
    super("owned_elsewhere", sessionId);
  }
}

/** A question that takes no answer any more: somebody answered first, or its turn is over. */
export class ApprovalClosed extends Error {
  override readonly name = "ApprovalClosed";
  constructor(readonly approval: Approval) {
    super(closedText(approval));
  }
}

function closedText({ decision, options }: Approval): string {
  if (!decision) return "Nobody waits for this answer any more.";
  const { optionId, by } = decision;
  const label = options.find(({ id }) => id === optionId)?.label ?? optionId;
  const name = by?.displayName || by?.user;
  return `Already answered: "${label}"${name ? `, by ${name}` : ""}.`;
}

/** A request with a field that cannot be accepted. The message completes "field ...". */
export class InvalidField extends Error {
  override readonly name = "InvalidField";
  constructor(
    readonly field: string,
    problem: string,
  ) {
    super(`${field} ${problem}`);
  }
}

/** A working directory outside of the allowed roots. */
export class ForbiddenWorkingDir extends Error {
  override readonly name = "ForbiddenWorkingDir";
}
