import { setTimeout as delay } from "node:timers/promises";
import { ToolCall, ToolStatus } from "@amp/proto";
import { type Ask, askAbout } from "./asking.js";

const CHUNKS = 10;

/** A thought, told apart from the answer. */
export interface Thought {
  thought: string;
}

/**
 * The least agent that the suite needs: says the message back in chunks, over N
 * seconds when it begins with `slow N` or `think N`, with thoughts first when it
 * begins with `think`, after a tool call when it begins with `tool`, and after
 * questions when it begins with `approve`. @throws on `fail`, and when aborted.
 */
export async function* echo(
  message: string,
  signal: AbortSignal,
  ask: Ask,
): AsyncGenerator<string | Thought | ToolCall> {
  if (message === "fail") throw new Error("The agent was asked to fail.");
  const seconds = Number(/^(?:slow|think) ([\d.]+)/.exec(message)?.[1] ?? 0);
  if (message.startsWith("think")) {
    for (const thought of ["The message asks ", "for thoughts."]) yield { thought };
  }
  if (message.startsWith("tool")) yield* useTool();
  const answers = /^approve\b/i.test(message) ? yield* askAbout(message, ask) : "";
  // By whole characters: half of one cannot be sent.
  const answer = [...`You said: ${message}${answers}`];
  const size = Math.ceil(answer.length / CHUNKS);
  for (let at = 0; at < answer.length; at += size) {
    yield answer.slice(at, at + size).join("");
    await delay((seconds * 1_000) / CHUNKS, undefined, { signal });
  }
}

function* useTool(): Generator<ToolCall> {
  const call = { toolCallId: "count-1", title: "Count", kind: "other" };
  for (const status of [ToolStatus.PENDING, ToolStatus.COMPLETED]) {
    yield ToolCall.fromPartial({ ...call, status });
  }
}
