import { type Approval, ApprovalState, isDead, type TurnEvent } from "../../backend/index.js";
import type { Job } from "../inbox/job.js";
import { type Bridge, patiently } from "../work/bridge.js";
import { type Asking, enqueueStep } from "./question.js";

/** Where a turn that went wrong is looked for among the newest, when its place is unknown. */
const LOOK_BACK = 50;

/** Shows in Slack what the agent asks in one turn, and what becomes of it. */
export class TurnQuestions {
  private readonly noted = new Set<string>();

  constructor(
    private readonly bridge: Bridge,
    private readonly job: Job,
    private readonly asking: Asking,
  ) {}

  /** Takes in what the turn tells. A whole turn tells all its questions again, also after a crash. */
  async note({ event }: TurnEvent): Promise<void> {
    switch (event?.$case) {
      case "approvalRequested":
      case "approvalResolved":
        return this.show(event.value);
      case "queued":
      case "started":
      case "completed":
      case "failed":
      case "cancelled":
        for (const approval of event.value.approvals) await this.show(approval);
    }
  }

  /**
   * The turn is over, and not completed: what was left open has expired, also what an earlier attempt heard of.
   * @param seq the place of the turn in its session, if the backend told it
   */
  async expire(seq: number | undefined): Promise<void> {
    const { bridge, job } = this;
    const { sessionId } = this.asking;
    const request =
      seq === undefined
        ? { sessionId, newestFirst: true, pageSize: LOOK_BACK }
        : { sessionId, fromSeq: seq, pageSize: 1 };
    const { turns } = await bridge.backend
      .listTurns(request, patiently(bridge, job))
      .catch((error: unknown) => {
        if (isDead(error)) return { turns: [] };
        throw error;
      });
    const turn = turns.find(({ requestId }) => requestId === job.requestId);
    for (const approval of turn?.approvals ?? []) await this.show(approval);
  }

  private async show(approval: Approval): Promise<void> {
    const step = approval.state === ApprovalState.PENDING ? "ask" : "settle";
    const key = `${step} ${approval.approvalId}`;
    if (this.noted.has(key)) return;
    await enqueueStep(this.bridge.pool, step, this.asking, approval);
    this.noted.add(key);
  }
}
