/** What a message asks of the memory. */
export interface MemoryIntent {
  action: "remember" | "recall";
  /** What to remember, or to look for. */
  text: string;
}

/** The phrases of amplifier-distro's web chat. */
const PHRASES: [MemoryIntent["action"], RegExp][] = [
  ["remember", /^remember\s+this:\s*(.+)/is],
  ["remember", /^remember\s+that\s+(.+)/is],
  ["remember", /^remember:\s*(.+)/is],
  ["recall", /^what\s+do\s+you\s+remember\s+about\s+(.+)/i],
  ["recall", /^recall\s+(.+)/i],
  ["recall", /^search\s+memory\s+(?:for\s+)?(.+)/i],
];

/** Reads a message; undefined if it is one for the agent. */
export function memoryIntent(message: string): MemoryIntent | undefined {
  for (const [action, phrase] of PHRASES) {
    const text = phrase.exec(message.trim())?.[1]?.trim();
    if (text) return { action, text };
  }
  return undefined;
}
