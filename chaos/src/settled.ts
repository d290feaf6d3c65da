import { setTimeout as delay } from "node:timers/promises";

/**
 * Longer than anything may take to get over what was done to it, in milliseconds:
 * the longest freeze, a lease, and as much again for what waits behind it.
 */
const LONGEST_MS = 180_000;

/** Waits for something to come true. Returns whether it did. */
export async function settled(
  isTrue: () => boolean | Promise<boolean>,
  longest = LONGEST_MS,
): Promise<boolean> {
  const deadline = performance.now() + longest;
  while (!(await isTrue())) {
    if (performance.now() > deadline) return false;
    await delay(50);
  }
  return true;
}
