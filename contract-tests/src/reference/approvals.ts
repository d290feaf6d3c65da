import { randomUUID } from "node:crypto";
import { Approval, ApprovalState, type ResolveApprovalRequest, type Turn } from "@amp/proto";
import type { Question } from "./asking.js";
import { approvalDecided, approvalExpired, check } from "./errors.js";

/** A question that was just put. */
export function newApproval(seq: number, question: Question): Approval {
  return Approval.fromPartial({
    ...question,
    approvalId: randomUUID(),
    seq,
    state: ApprovalState.PENDING,
    requestedAt: new Date(),
  });
}

/** The question that is to be answered. @throws INVALID_ARGUMENT when there is none, or when it has no such option. */
export function findApproval(turns: Turn[], request: ResolveApprovalRequest): Approval {
  const { sessionId, approvalId, optionId } = request;
  const all = turns.flatMap(({ approvals }) => approvals);
  const approval = all.find((each) => each.approvalId === approvalId);
  check(approval !== undefined, "approval_id", sessionId);
  const known = approval.options.some((option) => option.optionId === optionId);
  check(known, "option_id", sessionId);
  return approval;
}

/** @throws unless a question that takes no answer any more was answered just so. */
export function assertDecidedBy(approval: Approval, request: ResolveApprovalRequest): void {
  const { state, optionId, decidedBy } = approval;
  if (state === ApprovalState.EXPIRED) throw approvalExpired(request.sessionId);
  const same =
    optionId === request.optionId &&
    decidedBy?.surface === request.decidedBy?.surface &&
    decidedBy?.user === request.decidedBy?.user;
  if (!same) throw approvalDecided(request.sessionId, approval);
}

/** Answers a question. */
export function decide(
  approval: Approval,
  { optionId, decidedBy }: Pick<ResolveApprovalRequest, "optionId" | "decidedBy">,
): void {
  const state = ApprovalState.DECIDED;
  Object.assign(approval, { state, optionId, decidedBy, resolvedAt: new Date() });
}

/** Nobody can answer any more what a turn that is over had asked. */
export function expireApprovals({ approvals }: Turn): void {
  for (const approval of approvals) {
    if (approval.state !== ApprovalState.PENDING) continue;
    Object.assign(approval, { state: ApprovalState.EXPIRED, resolvedAt: new Date() });
  }
}
