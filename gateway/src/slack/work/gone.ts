import type { Change, ConversationGone } from "../door/delivery.js";
import type { Job } from "../inbox/job.js";
import { deactivate, listActive, moveChannel } from "../mappings/store.js";
import { type Bridge, patiently } from "./bridge.js";

/** Does what follows from a change; of a channel that has another id, the conversations go on under that. */
export function workChange(bridge: Bridge, job: Job, change: Change): Promise<void> {
  if (change.kind === "gone") return conversationGone(bridge, job, change);
  return moveChannel(bridge.pool, change.team, change.from, change.to);
}

/**
 * Conversations are gone: their mappings end, and with its last conversation a
 * session does. Nothing is said: there is nowhere to say it.
 */
async function conversationGone(
  bridge: Bridge,
  job: Job,
  { team, channel, thread, why }: ConversationGone,
): Promise<void> {
  const { pool, backend } = bridge;
  const there = await listActive(pool, { team, ...(channel !== null && { channel }) });
  const gone = there.filter((mapping) => thread === null || mapping.thread === thread);
  const ids = new Set(gone.map(({ id }) => id));
  const others = await listActive(pool);
  const kept = new Set(others.filter(({ id }) => !ids.has(id)).map(({ sessionId }) => sessionId));
  for (const mapping of gone) {
    if (!kept.has(mapping.sessionId)) {
      await backend.end(mapping.sessionId, why, patiently(bridge, job));
    }
    await deactivate(pool, mapping, "ended");
  }
}
