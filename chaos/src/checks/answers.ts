import type { Conversation, Log, Message } from "../record.js";

/** How long the mapping of a dead session may stay active when nothing else is wrong, in milliseconds. */
const ZOMBIE_MS = 5_000;

/** Whether every accepted message was answered once, in order, and nothing else was said. */
export function checkAnswers(log: Log): string[] {
  return [
    ...log.conversations.flatMap((each) => [
      ...each.messages.flatMap(checkMessage),
      ...checkOrder(each),
      ...checkNotices(each),
      ...each.oddities.map((oddity) => `${each.name} was told: ${oddity}`),
    ]),
    ...log.oddities.map((oddity) => `a post that answers nothing, ${oddity}`),
    ...checkEndings(log),
  ];
}

function checkMessage(message: Message): string[] {
  const { accepted, replies, token, excused, interrupted, conversation } = message;
  const what = `${token} (${conversation.name}, accepted at ${seconds(accepted)})`;
  if (replies.length > 1) return [`${what} was answered ${replies.length} times`];
  if (interrupted && replies.length > 0) return [`${what} was interrupted and answered`];
  if (accepted !== undefined && !excused && !interrupted && replies.length === 0) {
    return [`${what} was never answered`];
  }
  return [];
}

/**
 * Each message is accepted before the next is sent: so are they answered. One
 * that was given up may have come in late, behind the next.
 */
function checkOrder({ name, messages }: Conversation): string[] {
  let last = 0;
  const problems: string[] = [];
  for (const { token, replies, accepted } of messages) {
    if (accepted === undefined) continue;
    const place = replies[0]?.place ?? last;
    if (place < last) problems.push(`${token} (${name}) was answered before an earlier message`);
    last = Math.max(last, place);
  }
  return problems;
}

function checkNotices({ name, surface, ending, notices, messages, cancellations }: Conversation) {
  const problems: string[] = [];
  const expected = surface === "slack" && ending ? 1 : 0;
  if (notices !== expected) {
    problems.push(`${name} was told ${notices} times that its session has ended, not ${expected}`);
  }
  const cutOff = messages.filter(({ excused }) => excused).length;
  if (cancellations > cutOff) {
    problems.push(`${name} was told of ${cancellations} cancelled turns, of at most ${cutOff}`);
  }
  return problems;
}

function checkEndings({ endings }: Log): string[] {
  return endings.flatMap(({ conversation: { name }, ended, freed, inCalm }) => {
    if (freed === undefined) return [`${name} stayed mapped to a dead session`];
    if (!inCalm || freed - ended <= ZOMBIE_MS) return [];
    return [`${name} stayed mapped to a dead session for ${seconds(freed - ended)}, with no fault`];
  });
}

function seconds(ms: number | undefined): string {
  return ms === undefined ? "no time" : `${(ms / 1_000).toFixed(1)} s`;
}
