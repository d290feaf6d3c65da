import type { AgentEvent, Ask } from "../agent.js";

const MAX_QUESTIONS = 5;

const ALLOW = { id: "allow", label: "Allow", kind: "allow_once" } as const;
const REJECT = { id: "reject", label: "Reject", kind: "reject_once" } as const;

/**
 * Asks one question after the other, each about a tool call.
 * @param count may be any number, as somebody wrote it
 * @returns the labels of the answers.
 */
export async function* askForPermission(
  message: string,
  count: number,
  ask: Ask,
): AsyncGenerator<AgentEvent, string[], undefined> {
  const answers: string[] = [];
  const content = `\`\`\`\n${message}\n\`\`\``;
  const questions = Math.min(Math.max(Math.floor(count) || 1, 1), MAX_QUESTIONS);
  for (let n = 1; n <= questions; n++) {
    const id = `write-${n}`;
    const title = "Write to the demo file";
    const call = { id, title, kind: "edit", content };
    yield { type: "tool", call: { ...call, status: "pending" } };
    const chosen = await ask({ id, toolCallId: id, title, content, options: [ALLOW, REJECT] });
    const allowed = chosen === ALLOW.id;
    yield { type: "tool", call: { ...call, status: allowed ? "completed" : "failed" } };
    answers.push((allowed ? ALLOW : REJECT).label);
  }
  return answers;
}
