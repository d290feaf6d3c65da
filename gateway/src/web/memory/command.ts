import type { WebContext } from "../context.js";
import type { Memory } from "../store/memories.js";
import { categorize } from "./category.js";
import type { MemoryIntent } from "./intent.js";

/** Does what the message asks of the user's memory; it needs no session. Repeated with the same request id, remembers once. */
export async function memoryCommand(
  { memories, mappings }: WebContext,
  user: string,
  { action, text }: MemoryIntent,
  requestId: string | undefined,
) {
  const connected = { session_connected: (await mappings.find(user, undefined)) !== undefined };
  if (action === "remember") {
    const memory = await memories.add(user, { content: text, ...categorize(text) }, requestId);
    const tags = memory.tags.join(", ");
    return {
      response: `Remembered! Stored as ${memory.id} (category: ${memory.category}, tags: ${tags})`,
      memory_action: action,
      memory_result: memory,
      ...connected,
    };
  }
  const found = await memories.search(user, text);
  return {
    response: found.length === 0 ? `No memories found matching '${text}'.` : report(found),
    memory_action: action,
    memory_result: found,
    ...connected,
  };
}

function report(found: Memory[]): string {
  const lines = found.map(({ id, category, content }) => `- [${id}] (${category}) ${content}`);
  return [`Found ${found.length} memory(ies):\n`, ...lines].join("\n");
}
