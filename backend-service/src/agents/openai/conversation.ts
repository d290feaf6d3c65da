import type { PastTurn } from "../agent.js";
import type { OpenAiConfig } from "./config.js";

/** A message as chat completions take it. */
export interface ChatMessage {
  role: "system" | "user" | "assistant";
  content: string;
}

type Limits = Pick<OpenAiConfig, "systemPrompt" | "historyTurns" | "historyCharacters">;

/**
 * What the model is sent: the system prompt, the newest past turns that fit the
 * limits, oldest first, and the message. Turns are kept or left out whole, and
 * none is kept that is older than one left out, so that the model sees no gap.
 */
export function conversation(
  limits: Limits,
  history: readonly PastTurn[],
  message: string,
): ChatMessage[] {
  const { systemPrompt } = limits;
  return [
    ...(systemPrompt === undefined ? [] : [chat("system", systemPrompt)]),
    ...newest(limits, history).flatMap((turn) => [
      chat("user", turn.message),
      chat("assistant", turn.reply),
    ]),
    chat("user", message),
  ];
}

function newest(limits: Limits, history: readonly PastTurn[]): readonly PastTurn[] {
  let start = history.length;
  let room = limits.historyCharacters;
  for (const turn of history.toReversed()) {
    room -= turn.message.length + turn.reply.length;
    if (room < 0 || history.length - start === limits.historyTurns) break;
    start--;
  }
  return history.slice(start);
}

function chat(role: ChatMessage["role"], content: string): ChatMessage {
  return { role, content };
}
