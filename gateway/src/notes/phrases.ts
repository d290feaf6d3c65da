/** What a message asks of the notes. */
export interface NoteWish {
  action: "remember" | "recall";
  /** What to remember, or to look for. */
  text: string;
}

/** The phrases of amplifier-distro's web chat. A search is one line: what goes on is a message. */
const PHRASES: [NoteWish["action"], RegExp][] = [
  ["remember", /^remember(?:[ \t]+(?:this|that))?:\s*(.+)$/is],
  ["recall", /^what[ \t]+do[ \t]+you[ \t]+remember[ \t]+about[ \t]+([^\r\n]+)$/i],
  ["recall", /^recall[ \t]+([^\r\n]+)$/i],
  ["recall", /^search[ \t]+memory[ \t]+(?:for[ \t]+)?([^\r\n]+)$/i],
];

/** Reads a message; undefined if it is one for the agent. */
export function noteWish(message: string): NoteWish | undefined {
  const line = message.trim();
  for (const [action, phrase] of PHRASES) {
    const text = phrase.exec(line)?.[1]?.trim();
    if (text) return { action, text };
  }
  return undefined;
}

/** The message as the agent is to read it: a backslash before a phrase says that it is for the agent. */
export function withoutEscape(message: string): string {
  const line = message.trimStart();
  return line.startsWith("\\") && noteWish(line.slice(1)) ? line.slice(1) : message;
}
