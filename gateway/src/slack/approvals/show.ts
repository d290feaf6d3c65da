import { ApprovalState } from "../../backend/index.js";
import { outcomeOf } from "../api/outcome.js";
import { type Job, Postponed } from "../inbox/job.js";
import type { ChannelId, Ts } from "../keys.js";
import { plainer, smaller } from "../text/fit.js";
import type { SlackText } from "../text/message.js";
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
    // Else it was answered elsewhere before anybody here could have seen it.
    if (approval?.state === ApprovalState.PENDING) {
      await outbox.decide(job, async () => [
        draft(row.place, questionMessage(row.sessionId, approval, row.users)),
      ]);
    }
  }
  // Another attempt may have found it open, and decided to ask.
  await outbox.deliver(job, row.users[0]);
}

async function settle(bridge: Bridge, job: Job, row: QuestionRow): Promise<void> {
  const { sessionId, approvalId, users } = row;
  const asked = await findAsked(bridge.pool, sessionId, approvalId);
  if (!asked?.ts) return;
  const approval = await readApproval(bridge, job, row);
  const shown = approval ? questionMessage(sessionId, approval, users) : lostQuestion();
  const message = bridge.config.markdownBlocks ? shown : withoutMarkdown(shown);
  await update(bridge, { channel: asked.channel, ts: asked.ts }, message);
}

/** Shows the message in the place of a post, in another form if Slack refuses it. The same however often it is done. */
async function update(
  bridge: Bridge,
  post: { channel: ChannelId; ts: Ts },
  { text, blocks }: SlackText,
): Promise<void> {
  try {
    await bridge.client.chat.update({
      ...post,
      text,
      // Else what was shown before stays.
      blocks: blocks ?? [],
      // Its default is to look for mentions in plain text, unlike that of a post.
      parse: "none",
    });
  } catch (error) {
    const outcome = outcomeOf(error);
    const { kind, reason } = outcome;
    if (kind === "later") throw new Postponed(outcome.pause, reason);
    if (kind === "unknown") throw error;
    bridge.logger.warn({ reason }, "Slack refused to update a question");
    const message = { text, ...(blocks && { blocks }) };
    const [other, ...more] =
      (kind === "smaller" && smaller(message)) || (kind === "plainer" && plainer(message)) || [];
    // What is told in several messages cannot stand in the place of one.
    if (other) await update(bridge, post, more.length > 0 ? { text: other.text } : other);
  }
}
