import { randomUUID } from "node:crypto";
import { LONGEST_NOTE, type Note } from "../notes/notes.js";
import type { NoteWish } from "../notes/phrases.js";
import type { WebContext } from "./context.js";
import { HttpError } from "./errors.js";

/** A message that is for the notes. */
interface MemoryMessage {
  user: string;
  message: string;
  wish: NoteWish;
  sessionId: string | undefined;
  requestId: string | undefined;
}

/**
 * Does what the message asks of the user's notes; it needs no session. In the
 * session that is meant, if any, it is kept for the transcript. Repeated with the
 * same request id, remembers once.
 * @throws HttpError 400 for a note that is too long
 */
export async function memoryCommand(context: WebContext, memory: MemoryMessage) {
  const { notes, mappings, asides } = context;
  const { user, message, wish, sessionId, requestId } = memory;
  if (wish.action === "remember" && wish.text.length > LONGEST_NOTE) {
    throw new HttpError(400, { error: `A memory has at most ${LONGEST_NOTE} characters` });
  }
  const active = await mappings.find(user, undefined);
  const mapping = sessionId === undefined ? active : await mappings.find(user, sessionId);
  const answer =
    wish.action === "remember"
      ? remembered(await notes.add(user, wish.text, requestId))
      : recalled(wish.text, await notes.search(user, wish.text));
  if (mapping) {
    await asides.add(user, mapping.session_id, {
      request_id: requestId ?? randomUUID(),
      message,
      response: answer.response,
      action: wish.action,
    });
  }
  return { ...answer, memory_action: wish.action, session_connected: active !== undefined };
}

function remembered(note: Note) {
  const { id, category, tags } = note;
  const response = `Remembered! Stored as ${id} (category: ${category}, tags: ${tags.join(", ")})`;
  return { response, memory_result: note };
}

function recalled(text: string, found: Note[]) {
  const lines = found.map(({ id, category, content }) => `- [${id}] (${category}) ${content}`);
  const response =
    found.length === 0
      ? `No memories found matching '${text}'.`
      : [`Found ${found.length} memory(ies):\n`, ...lines].join("\n");
  return { response, memory_result: found };
}
