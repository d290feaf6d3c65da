import { type Approval, ApprovalOptionKind, ToolCall, ToolStatus } from "@amp/proto";

/** What an agent wants to be told before it goes on. */
export type Question = Pick<Approval, "toolCallId" | "title" | "content" | "options">;

/** Puts a question to people; resolves with the option_id that was chosen. @throws when the turn is over. */
export type Ask = (question: Question) => Promise<string>;

const MOST_QUESTIONS = 5;
const OPTIONS: Approval["options"] = [
  { optionId: "allow", label: "Allow", kind: ApprovalOptionKind.ALLOW_ONCE },
  { optionId: "reject", label: "Reject", kind: ApprovalOptionKind.REJECT_ONCE },
];

/**
 * Asks once, or N times when the message begins with `approve N`, each time about
 * a tool call of its own. @returns what to add to the reply.
 */
export async function* askAbout(message: string, ask: Ask): AsyncGenerator<ToolCall, string> {
  const count = Number(/^approve\s+(\d+)/i.exec(message)?.[1] ?? 1);
  const title = "Write to the demo file";
  const content = `\`\`\`\n${message}\n\`\`\``;
  const answers: string[] = [];
  for (let n = 1; n <= Math.min(count, MOST_QUESTIONS); n++) {
    const toolCallId = `write-${n}`;
    const call = { toolCallId, title, kind: "edit" };
    yield ToolCall.fromPartial({ ...call, status: ToolStatus.PENDING });
    const chosen = await ask({ toolCallId, title, content, options: OPTIONS });
    const status = chosen === "allow" ? ToolStatus.COMPLETED : ToolStatus.FAILED;
    yield ToolCall.fromPartial({ ...call, status });
    answers.push(OPTIONS.find(({ optionId }) => optionId === chosen)?.label ?? chosen);
  }
  const were = answers.length === 1 ? "answer was" : "answers were";
  return `\n\nYour ${were}: ${answers.join(", ")}.`;
}
