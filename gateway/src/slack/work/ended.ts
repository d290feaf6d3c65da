/**
 * Sessions that ended while nobody in Slack asked for them. What was ended on
 * purpose is told in its conversation, by an inbox row of our own in the lane
 * of its messages; what expired or is unknown, to whoever writes there next.
 */
import { transaction } from "@amp/postgres";
import { z } from "zod";
import type { Ending } from "../../backend/index.js";
import { settleAll } from "../approvals/question.js";
import type { Job } from "../inbox/job.js";
import { enqueue } from "../inbox/store.js";
import {
  ChannelId,
  endedDedupeKey,
  type Place,
  placeKey,
  TeamId,
  Ts,
  type UserId,
} from "../keys.js";
import { deactivateAll, isTaken, listActive } from "../mappings/store.js";
import { type Bridge, draft, patiently } from "./bridge.js";
import { endNotice } from "./dead.js";

/** What such an inbox row holds. The version before knows it by its type. */
const EndedHere = z.object({
  type: z.literal("amp_session_ended"),
  place: z.object({ team: TeamId, channel: ChannelId, thread: Ts.nullable() }),
  /** As it was given to End. */
  reason: z.string().optional(),
});

/**
 * Ends the mappings of dead sessions, and sees to it that their conversations
 * are told and their questions lose their buttons. Returns how many ended so.
 */
export async function sessionsEnded(
  { pool, logger }: Pick<Bridge, "pool" | "logger">,
  endings: Ending[],
): Promise<number> {
  const sessionIds = endings.map(({ sessionId }) => sessionId);
  const told = endings.filter(({ how }) => how === "ended").map(({ sessionId }) => sessionId);
  const mappings = await transaction(pool, async (tx) => {
    const ended = await deactivateAll(tx, sessionIds, told);
    for (const { id, team, channel, thread, sessionId, endReason } of ended) {
      if (endReason !== "dead") continue;
      const { reason } = endings.find((ending) => ending.sessionId === sessionId) ?? {};
      const place = { team, channel, thread };
      const content: z.input<typeof EndedHere> = { type: "amp_session_ended", place, reason };
      const row = { dedupeKey: endedDedupeKey(id), lane: placeKey(place), content };
      await enqueue(tx, { ...row, kind: "amp_session_ended" });
    }
    await settleAll(tx, sessionIds);
    return ended;
  });
  const died = mappings.filter(({ endReason }) => endReason !== "ended");
  for (const { sessionId, ...place } of died) {
    logger.warn(
      { conversation: placeKey(place), session: sessionId },
      "session is dead, mapping deactivated",
    );
  }
  return died.length;
}

/** Lets go of the user's sessions that are dead, so that none of them counts. */
export async function freeDeadSlots(bridge: Bridge, job: Job, { team }: Place, user: UserId) {
  const held = await listActive(bridge.pool, { team, user });
  const sessionIds = held.map(({ sessionId }) => sessionId);
  const dead = await bridge.backend.deadAmong(sessionIds, patiently(bridge, job));
  if (dead.length > 0) await sessionsEnded(bridge, dead);
}

/** The conversation that an inbox row of this kind is to tell of its session's end, and the reason. */
export function endedHere(content: unknown): { place: Place; reason?: string | undefined } {
  return EndedHere.parse(content);
}

/** Tells a conversation that its session ended, unless it has another one by now. */
export async function tellEnded(
  bridge: Bridge,
  job: Job,
  { place, reason }: { place: Place; reason?: string | undefined },
): Promise<void> {
  const { outbox, config } = bridge;
  await outbox.decide(job, async (tx) =>
    (await isTaken(tx, place)) ? [] : [draft(place, endNotice(config, undefined, reason))],
  );
  await outbox.deliver(job);
}
