import type { Database } from "../database.js";
import { buttonsOf, type Question, smallPrint } from "../questions.js";
import type { Log, Message } from "../record.js";

/** How a question is stored. */
export interface StoredApproval {
  /** The message of its turn. */
  message: string;
  option: string | null;
  user: string | null;
}

/** Whether each question was asked once and has one answer, which is everybody's. */
export async function checkQuestions(database: Database, log: Log): Promise<string[]> {
  const stored = await database.query<StoredApproval>(
    `select t.message, a.option_id as option, a.decided_user as "user"
     from amp_backend.approvals a join amp_backend.turns t using (session_id, seq)`,
  );
  return compareQuestions(stored, log);
}

/** The same, of what was read. */
export function compareQuestions(stored: StoredApproval[], log: Log): string[] {
  const byToken = new Map<string, StoredApproval[]>();
  const problems: string[] = [];
  for (const approval of stored) {
    const token = log.find(approval.message)?.token;
    if (token === undefined) problems.push(`a question about nothing: ${approval.message}`);
    else byToken.set(token, [...(byToken.get(token) ?? []), approval]);
  }
  for (const message of log.messages) {
    const found = byToken.get(message.token) ?? [];
    for (const problem of checkQuestion(message, found)) {
      problems.push(`the question of ${message.token} (${message.conversation.name}) ${problem}`);
    }
  }
  return problems;
}

function checkQuestion({ question, asks, replies }: Message, stored: StoredApproval[]): string[] {
  const [approval] = stored;
  if (stored.length > 1) return [`is stored ${stored.length} times`];
  if (!approval) return question || (asks && replies.length > 0) ? ["is not stored"] : [];
  if (!asks) return ["was not asked for"];
  const { option, user } = approval;
  const problems: string[] = [];
  if (replies.length > 0 && option === null) problems.push("was passed over by the agent");
  if (!question) return option === null ? problems : [...problems, "was answered by nobody"];
  const { given, told, replied, posts } = question;
  if (replies.length > 0 && option !== null && replied.size === 0) {
    problems.push("has an answer that the reply does not tell");
  }
  if (option !== null && !given.has(`${option} by ${user}`)) {
    problems.push(`has an answer that nobody gave: ${option} by ${user}`);
  }
  for (const other of [...told, ...replied]) {
    if (other !== option) problems.push(`is decided as ${option}, and told as ${other}`);
  }
  if (posts.length > 1) problems.push(`was posted ${posts.length} times`);
  return [...problems, ...checkPost(approval, question)];
}

function checkPost({ option, user }: StoredApproval, { posts: [post] }: Question): string[] {
  if (!post) return [];
  if (buttonsOf(post).length > 0) return ["still has its buttons"];
  const shown = smallPrint(post);
  if (option === null) return shown === "Nobody answered in time." ? [] : [`shows ${shown}`];
  const label = option.charAt(0).toUpperCase() + option.slice(1);
  return shown === `*${label}*, answered by <@${user}>` ? [] : [`shows ${shown}, not ${option}`];
}
