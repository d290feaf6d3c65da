import { ApprovalState } from "../../backend/index.js";
import { outcomeOf } from "../api/outcome.js";
import { type Job, Postponed } from "../inbox/job.js";
import { withoutMarkdown } from "../text/plain.js";
import { type Bridge, draft } from "../work/bridge.js";
import { lostQuestion, questionMessage } from "./message.js";
import { findAsked, type QuestionRow } from "./question.js";
import { readApproval } from "./read.js";

/** Posts a question, or puts what became of it into the place of its buttons. */
export async function showQuestion(bridge: Bridge, job: Job, row: QuestionRow): Promise<void> {
  if (row.step === "settle") return settle(bridge, job, row);
  const { outbox } = bridge;
  if (!(await outbox.isDecided(job))) {
    const approval = await readApproval(bridge, job, row);
    // Decided elsewhere before anybody here could have seen it.
    if (approval?.state !== ApprovalState.PENDING) return;
    await outbox.decide(job, async () => [
      draft(row.place, questionMessage(row.sessionId, approval, row.users)),
    ]);
  }
  await outbox.deliver(job);
}

async function settle(bridge: Bridge, job: Job, row: QuestionRow): Promise<void> {
  const { sessionId, approvalId, place, users } = row;
  const asked = await findAsked(bridge.pool, sessionId, approvalId);
  if (!asked?.ts) return;
  const approval = await readApproval(bridge, job, row);
  const shown = approval ? questionMessage(sessionId, approval, users) : lostQuestion();
  const { text, blocks } = bridge.config.markdownBlocks ? shown : withoutMarkdown(shown);
  // Its default is to look for mentions in plain text, unlike that of a post.
  const parse = "none" as const;
  const message = { channel: place.channel, ts: asked.ts, text, parse, ...(blocks && { blocks }) };
  // The same however often it is done.
  await bridge.client.chat.update(message).catch((error: unknown) => {
    const outcome = outcomeOf(error);
    if (outcome.kind === "later") throw new Postponed(outcome.pause, outcome.reason);
    if (outcome.kind === "unknown") throw error;
    bridge.logger.warn({ reason: outcome.reason }, "Slack refused to update a question");
  });
}
