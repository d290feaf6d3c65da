import type { Queryable } from "@amp/postgres";
import { type Answer, decideApproval, findApproval, type Ownership } from "../store/approvals.js";
import type { Approval } from "../store/model.js";
import { ApprovalClosed, InvalidField, SessionError } from "./errors.js";

/**
 * Stores an answer, unless there is one.
 * @returns how the question stands after that: decided, by this answer or another one.
 * @throws InvalidField, ApprovalClosed when it has expired, SessionError when the
 * replica is not the owner any more.
 */
export async function decide(
  db: Queryable,
  replicaId: string,
  ownership: Ownership,
  answer: Answer,
): Promise<Approval> {
  const { sessionId } = ownership;
  const { approvalId, optionId } = answer;
  const asked = await findApproval(db, sessionId, approvalId);
  if (!asked) throw new InvalidField("approval_id", "is none of this session's");
  if (!asked.approval.options.some(({ id }) => id === optionId)) {
    throw new InvalidField("option_id", "is none of this approval's options");
  }
  const decided = await decideApproval(db, replicaId, ownership, answer);
  if (decided) return decided;
  const now = await findApproval(db, sessionId, approvalId);
  if (now?.approval.decision) return now.approval;
  if (now?.open) throw new SessionError("lease_lost", sessionId);
  throw new ApprovalClosed(asked.approval);
}

/** @throws ApprovalClosed unless the question was decided by this answer, or by one like it. */
export function assertDecidedBy(approval: Approval, { optionId, by }: Answer): void {
  const { decision } = approval;
  const same =
    decision?.optionId === optionId &&
    decision.by?.surface === by?.surface &&
    decision.by?.user === by?.user;
  if (!same) throw new ApprovalClosed(approval);
}
