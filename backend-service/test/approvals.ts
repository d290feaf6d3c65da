import type { Approval, ResolveApprovalRequest, SessionClient, Turn } from "@amp/proto";
import { eventually } from "./backend.js";

/** The turns of a session, as anybody reads them. */
export async function turnsOf(sessions: SessionClient, sessionId: string): Promise<Turn[]> {
  return (await sessions.listTurns({ sessionId, pageSize: 200 })).turns;
}

/** The approvals of a session, once there are so many. */
export function approvalsOf(
  sessions: SessionClient,
  sessionId: string,
  count = 1,
): Promise<Approval[]> {
  return eventually(async () => {
    const found = (await turnsOf(sessions, sessionId)).flatMap(({ approvals }) => approvals);
    if (found.length < count) throw new Error(`${found.length} approvals, not ${count}`);
    return found;
  });
}

/** An answer by a person on a surface of the tests. */
export function answerBy(
  user: string,
  sessionId: string,
  { approvalId }: Pick<Approval, "approvalId">,
  optionId: string,
): ResolveApprovalRequest {
  const decidedBy = { surface: "test", user, displayName: user.toUpperCase() };
  return { sessionId, approvalId, optionId, decidedBy };
}
