import type { Message } from "./record.js";
import type { SlackMessage } from "./slack/workspace.js";

/** What an agent asked about one message, and what came of it on its surface. Options are told by their ids. */
export interface Question {
  /** Slack's messages that ask it, as they stand. */
  posts: SlackMessage[];
  /** What somebody answered, whether or not it was taken, as "option by user". */
  given: Set<string>;
  /** What somebody was told to be decided. */
  told: Set<string>;
  /** What the agent's reply says. */
  replied: Set<string>;
}

/** The question about a message; there is one as soon as anybody hears of it. */
export function questionOf(message: Message): Question {
  message.question ??= { posts: [], given: new Set(), told: new Set(), replied: new Set() };
  return message.question;
}

/** Notes what the reply to a message says was answered, if it says so. */
export function noteAnswer(message: Message, reply: string): void {
  const [, label] = /Your answer was: (\w+)\./.exec(reply) ?? [];
  if (label) questionOf(message).replied.add(label.toLowerCase());
}

/** A button of a post in Slack. */
export interface Button {
  action_id: string;
  value: string;
}

/** The buttons that a post has now. */
export function buttonsOf({ blocks }: SlackMessage): Button[] {
  const all = (blocks ?? []) as { type: string; elements?: Button[] }[];
  return all.find(({ type }) => type === "actions")?.elements ?? [];
}

/** The small print of a post: who may answer, and later what became of it. */
export function smallPrint({ blocks }: SlackMessage): string {
  const all = (blocks ?? []) as { type: string; elements?: { text: string }[] }[];
  return all.find(({ type }) => type === "context")?.elements?.[0]?.text ?? "";
}

/** Whom a post that waits says it may be answered by. */
export function mayAnswer(post: SlackMessage): Set<string> {
  return new Set([...smallPrint(post).matchAll(/<@(\w+)>/g)].map(([, user]) => user ?? ""));
}

/** Whether a post asks its message's author and who began the session, with the first message of all, and nobody else. */
export function asksTheRight({ user, conversation }: Message, post: SlackMessage): boolean {
  const right = new Set([user, conversation.messages[0]?.user]);
  const named = mayAnswer(post);
  return named.size === right.size && [...named].every((each) => right.has(each));
}

/** The option that a button stands for. */
export function optionOf({ value }: Button): string {
  return String((JSON.parse(value) as unknown[])[2]);
}
