import { type Agent, AgentError, type AgentEvent, type Ask } from "../agent.js";
import { askForPermission } from "./approve.js";
import { MARKDOWN } from "./markdown.js";
import { chunks, pause } from "./pace.js";

const INTRODUCTION =
  "This is the demo agent of Amp Bridge: no model, it answers by fixed rules.\n\n";

const MAX_LONG = 200_000;

/**
 * A deterministic agent that needs nothing. It answers with the text it was sent,
 * unless that begins with a command word, in any case:
 *
 * - `slow N`: streams over N seconds;
 * - `long N`: exactly N characters, at most 200,000;
 * - `markdown`: every kind of Markdown;
 * - `think`, `tool`: shows thoughts, a tool call; `think N` then answers over N seconds;
 * - `approve N`: asks for permission, N times (once by default, 5 at most);
 * - `fail`: fails the turn as unavailable.
 */
export function demoAgent(): Agent {
  return {
    name: "demo",
    repeatable: true,
    open: async (context) => ({
      async *prompt(message, signal, ask) {
        const turn = (await context.completedTurns()) + 1;
        yield* answer(message, turn, { signal, ask });
        const usage = { inputTokens: words(message), outputTokens: words(message) };
        yield { type: "usage", usage };
      },
      close: async () => {},
    }),
  };
}

async function* answer(
  message: string,
  turn: number,
  { signal, ask }: { signal: AbortSignal; ask: Ask },
): AsyncGenerator<AgentEvent, void, undefined> {
  const [word = "", argument = ""] = message.trim().split(/\s+/, 2);
  const amount = Number.parseFloat(argument);
  const command = word.toLowerCase();
  if (command === "fail") {
    throw new AgentError("unavailable", "The demo agent failed, as it was asked to.");
  }
  if (command === "long" && amount >= 0) {
    yield* tell(long(Math.min(Math.floor(amount), MAX_LONG)), 0, signal);
    return;
  }
  if (command === "think") yield* think(signal);
  if (command === "tool") yield* useTool(message, signal);
  const isSlow = command === "slow" || command === "think";
  const seconds = isSlow && amount > 0 ? amount : 0;
  const introduction = turn === 1 ? INTRODUCTION : "";
  const reply = `${introduction}You said (turn ${turn}): ${message}`;
  if (command === "approve") {
    const answers = yield* askForPermission(message, amount, ask);
    const were = answers.length === 1 ? "answer was" : "answers were";
    yield* tell(`${reply}\n\nYour ${were}: ${answers.join(", ")}.`, 0, signal);
    return;
  }
  yield* tell(command === "markdown" ? `${reply}\n\n${MARKDOWN}` : reply, seconds, signal);
}

async function* tell(
  text: string,
  seconds: number,
  signal: AbortSignal,
): AsyncGenerator<AgentEvent, void, undefined> {
  const pieces = chunks(text, seconds);
  for (const [index, piece] of pieces.entries()) {
    if (index > 0) await pause((seconds * 1_000) / (pieces.length - 1), signal);
    yield { type: "text", text: piece };
  }
}

async function* think(signal: AbortSignal): AsyncGenerator<AgentEvent, void, undefined> {
  for (const text of ["The message asks for thoughts. ", "These are all I have."]) {
    yield { type: "thought", text };
    await pause(0, signal);
  }
}

async function* useTool(
  message: string,
  signal: AbortSignal,
): AsyncGenerator<AgentEvent, void, undefined> {
  const call = { id: "count-1", title: "Count the characters", kind: "other" };
  yield { type: "tool", call: { ...call, status: "pending", content: "" } };
  await pause(0, signal);
  yield { type: "tool", call: { ...call, status: "in_progress", content: "" } };
  await pause(0, signal);
  const content = `\`\`\`\n${message.length} characters\n\`\`\``;
  yield { type: "tool", call: { ...call, status: "completed", content } };
}

/** Numbered words up to exactly `length` characters, so that a cut can be seen. */
function long(length: number): string {
  const parts: string[] = [];
  for (let size = 0, n = 1; size < length; n++) {
    const part = n % 12 === 0 ? `word${n}\n` : `word${n} `;
    parts.push(part);
    size += part.length;
  }
  return parts.join("").slice(0, length);
}

function words(text: string): number {
  return text.split(/\s+/).filter(Boolean).length;
}
