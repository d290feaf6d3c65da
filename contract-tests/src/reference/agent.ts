import { setTimeout as delay } from "node:timers/promises";
import type { ToolCall } from "@amp/proto";
import { type Ask, askAbout } from "./asking.js";

const CHUNKS = 10;

/**
 * The least agent that the suite needs: says the message back in chunks, over N
 * seconds when it begins with `slow N`, and after questions when it begins with
 * `approve`. @throws on `fail`, and when aborted.
 */
export async function* echo(
  message: string,
  signal: AbortSignal,
  ask: Ask,
): AsyncGenerator<string | ToolCall> {
  if (message === "fail") throw new Error("The agent was asked to fail.");
  const seconds = Number(/^slow ([\d.]+)/.exec(message)?.[1] ?? 0);
  const answers = /^approve\b/i.test(message) ? yield* askAbout(message, ask) : "";
  const answer = `You said: ${message}${answers}`;
  const size = Math.ceil(answer.length / CHUNKS);
  for (let at = 0; at < answer.length; at += size) {
    yield answer.slice(at, at + size);
    await delay((seconds * 1_000) / CHUNKS, undefined, { signal });
  }
}
