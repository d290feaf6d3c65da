import { setTimeout as delay } from "node:timers/promises";
import { buttonsOf, mayAnswer, optionOf, questionOf } from "../questions.js";
import type { Message } from "../record.js";
import type { SlackMessage } from "../slack/workspace.js";
import type { SlackContext } from "./slack.js";

/** Milliseconds until somebody clicks, and clicks again. */
const PAUSE = [100, 2_000] as const;
/** How often two people click at the same time. */
const RACE_PERCENT = 20;
/** How often nobody clicks any more once the session was ended: the buttons have to go away by themselves. */
const LEAVE_PERCENT = 50;

/**
 * People who answer a question in Slack: one of those who may, or two at once
 * with different answers, until the buttons are gone or nobody is there any more.
 */
export async function clickUntilSettled(
  context: SlackContext,
  channel: string,
  asked: Message,
  post: SlackMessage,
): Promise<void> {
  const { deliveries, random, over } = context;
  const users = [...mayAnswer(post)];
  const leaves = random.chance(LEAVE_PERCENT);
  const question = questionOf(asked);
  question.posts.push(post);
  while (!over.aborted) {
    await delay(random.between(...PAUSE), undefined, { signal: over }).catch(() => {});
    const buttons = buttonsOf(post);
    if (over.aborted || buttons.length === 0 || (leaves && asked.excused)) return;
    const chosen = random.chance(RACE_PERCENT) ? buttons : [random.pick(buttons)];
    await Promise.all(
      chosen.map((button) => {
        const user = random.pick(users);
        question.given.add(`${optionOf(button)} by ${user}`);
        return deliveries.click(channel, user, post, button);
      }),
    );
  }
}
