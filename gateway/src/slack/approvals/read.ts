import { type Approval, isDead } from "../../backend/index.js";
import type { Job } from "../inbox/job.js";
import { type Bridge, patiently } from "../work/bridge.js";
import type { QuestionRow } from "./question.js";

/** The question as it stands; undefined when its session is purged. */
export async function readApproval(
  bridge: Bridge,
  job: Job,
  { sessionId, approvalId, seq }: Pick<QuestionRow, "sessionId" | "approvalId" | "seq">,
): Promise<Approval | undefined> {
  const request = { sessionId, fromSeq: seq, pageSize: 1 };
  try {
    const { turns } = await bridge.backend.listTurns(request, patiently(bridge, job));
    return turns[0]?.approvals.find((approval) => approval.approvalId === approvalId);
  } catch (error) {
    if (isDead(error)) return undefined;
    throw error;
  }
}
