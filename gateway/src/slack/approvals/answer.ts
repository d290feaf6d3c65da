import { BackendError } from "../../backend/index.js";
import type { ButtonClick } from "../door/delivery.js";
import type { Job } from "../inbox/job.js";
import { type Bridge, patiently, whisper } from "../work/bridge.js";
import { failureText } from "../work/failure.js";
import { outcome, parseValue } from "./message.js";
import { enqueueStep, findAsked } from "./question.js";
import { readApproval } from "./read.js";

const GONE = "_Nobody waits for this answer any more._";

/** Somebody clicked an option of a question: gives the answer, unless it is not theirs to give. */
export async function answerQuestion(bridge: Bridge, job: Job, click: ButtonClick): Promise<void> {
  const { place, user } = click;
  const [sessionId, approvalId, optionId] = parseValue(click.value) ?? [];
  if (!sessionId || !approvalId || !optionId) return;
  const asked = await findAsked(bridge.pool, sessionId, approvalId);
  if (!asked) return whisper(bridge, place, user, GONE);
  const { row } = asked;
  if (!row.users.includes(user)) {
    const others = row.users.map((each) => `<@${each}>`).join(" or ");
    return whisper(bridge, place, user, `_Only ${others} can answer this._`);
  }
  try {
    const decidedBy = { surface: "slack", user, displayName: "" };
    const request = { sessionId, approvalId, optionId, decidedBy };
    await bridge.backend.resolveApproval(request, patiently(bridge, job));
  } catch (error) {
    if (!(error instanceof BackendError)) throw error;
    if (error.kind !== "late" && error.kind !== "dead") {
      const { code } = error;
      bridge.logger.warn({ err: error, session: sessionId, code }, "answer not given");
      return whisper(bridge, place, user, failureText(error));
    }
    const approval = await readApproval(bridge, job, row);
    await whisper(bridge, place, user, approval ? `Too late: ${outcome(approval)}` : GONE);
  }
  await enqueueStep(bridge.pool, "settle", row, row);
}
