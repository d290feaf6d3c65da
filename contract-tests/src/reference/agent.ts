import { setTimeout as delay } from "node:timers/promises";

const CHUNKS = 10;

/**
 * The least agent that the suite needs: says the message back in chunks, over N
 * seconds when it begins with `slow N`. @throws on `fail`, and when aborted.
 */
export async function* echo(message: string, signal: AbortSignal): AsyncGenerator<string> {
  if (message === "fail") throw new Error("The agent was asked to fail.");
  const seconds = Number(/^slow ([\d.]+)/.exec(message)?.[1] ?? 0);
  const answer = `You said: ${message}`;
  const size = Math.ceil(answer.length / CHUNKS);
  for (let at = 0; at < answer.length; at += size) {
    yield answer.slice(at, at + size);
    await delay((seconds * 1_000) / CHUNKS, undefined, { signal });
  }
}
