import { setTimeout as delay, setImmediate } from "node:timers/promises";

/** Chunks a second while a slow answer streams. */
const SLOW_RATE = 10;
const FAST_CHUNKS = 8;

/** The text in several pieces that never cut a character: more of them the longer it takes. */
export function chunks(text: string, seconds: number): string[] {
  const characters = [...text];
  const wanted = seconds > 0 ? Math.max(2, Math.ceil(seconds * SLOW_RATE)) : FAST_CHUNKS;
  const size = Math.max(1, Math.ceil(characters.length / wanted));
  const pieces: string[] = [];
  for (let at = 0; at < characters.length; at += size) {
    pieces.push(characters.slice(at, at + size).join(""));
  }
  return pieces;
}

/** Waits, at least for one turn of the event loop. @throws the signal's reason, at once. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (ms > 0) await delay(ms, undefined, { signal });
  else await setImmediate(undefined, { signal });
}
