import { setTimeout as delay } from "node:timers/promises";
import { questionOf } from "../questions.js";
import type { Message } from "../record.js";
import { type Answer, post, REPEAT_MS, type WebContext } from "./web-request.js";

/** A question as the web chat tells it. */
export interface WebApproval {
  approval_id: string;
  /** Holds the message of its turn. */
  content: string;
  state: string;
  option_id: string;
  options: { option_id: string }[];
}

/** The one user of the web chat. */
const USER = "local";
const PAUSE = [50, 1_500] as const;
/** How often two answers are given at the same time. */
const RACE_PERCENT = 20;

/** The user of a web chat, who answers each question that the page shows. */
export class WebAnswers {
  private readonly answering = new Set<string>();

  constructor(
    private readonly context: WebContext,
    private readonly session: string,
    private readonly closed: AbortSignal,
  ) {}

  /** Takes in how a question stands, and begins to answer it if it waits. */
  note(asked: Message, approval: WebApproval): void {
    const { approval_id, state, option_id, options } = approval;
    const question = questionOf(asked);
    if (state === "decided") question.told.add(option_id);
    if (state !== "pending" || this.answering.has(approval_id)) return;
    this.answering.add(approval_id);
    const { random } = this.context;
    const all = options.map((option) => option.option_id);
    const chosen = random.chance(RACE_PERCENT) ? all : [random.pick(all)];
    // One pause for all, so that two answers do meet.
    const pause = random.between(...PAUSE);
    for (const option of chosen) void this.answer(asked, approval_id, option, pause);
  }

  private async answer(
    asked: Message,
    approval_id: string,
    option_id: string,
    pause: number,
  ): Promise<void> {
    const body = { session_id: this.session, approval_id, option_id };
    const question = questionOf(asked);
    question.given.add(`${option_id} by ${USER}`);
    await delay(pause);
    while (!this.closed.aborted) {
      const answer = await post(this.context, "/approval", body);
      if (answer?.status === 200) {
        // It says that this answer was taken, and how the question stands.
        question.told.add(option_id).add(decisionOf(answer));
        return;
      }
      if (answer && isTooLate(answer, asked)) return;
      if (answer && answer.status !== 503) {
        asked.conversation.oddities.push(`${answer.status} ${JSON.stringify(answer.body)}`);
        return;
      }
      await delay(REPEAT_MS);
    }
  }
}

/** Whether another answer was first, or nobody waits any more; a dead session says so only when it was ended. */
export function isTooLate({ status, body }: Answer, { conversation }: Message): boolean {
  if (status !== 409) return false;
  const late = ["APPROVAL_DECIDED", "APPROVAL_EXPIRED"].includes(String(body["type"]));
  return late ? body["session_connected"] === true : conversation.ending !== undefined;
}

function decisionOf({ body }: Answer): string {
  return (body["approval"] as WebApproval).option_id;
}
