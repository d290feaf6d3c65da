import { z } from "zod";
import type { Session } from "../../backend/index.js";
import { dateText } from "../commands/dates.js";
import { aboutIn } from "../commands/seen.js";
import type { Job } from "../inbox/job.js";
import { isDirectMessage, type Place, UserId } from "../keys.js";
import { listActive, type Mapping } from "../mappings/store.js";
import { cut } from "../text/cut.js";
import { escapeText } from "../text/escape.js";
import { blocks, button, context, section } from "../text/message.js";
import { type Address, type Bridge, draft, patiently } from "./bridge.js";

/** The action of a button that ends a session to begin the one that was refused; ends with the session's place in the list. */
export const END_FOR_ACTION = "end_for_new_";

/** The session to end, the inbox row of what was refused, and whose list it is. */
const EndFor = z.tuple([z.string(), z.number(), UserId]);

/** What such a button says; undefined when it is none. */
export function parseEndFor(value: string): z.infer<typeof EndFor> | undefined {
  try {
    return EndFor.safeParse(JSON.parse(value)).data;
  } catch {
    return undefined;
  }
}

/** A message takes 50 blocks. */
const MOST = 40;
const MAX_ABOUT = 100;

/** Who asked for one session too many. */
export interface Refused {
  job: Job;
  user: UserId;
  place: Place;
  address: Address;
  slash?: boolean | undefined;
}

/** Tells the user that no slot is free, with their sessions, each with a button that ends it and begins what was refused. */
export async function limitReached(bridge: Bridge, refused: Refused): Promise<void> {
  const { config, pool, policy, outbox } = bridge;
  const { job, user, place, address, slash } = refused;
  const text = `Session limit reached (${config.maxSessionsPerUser}). End an existing session first.`;
  const held = await listActive(pool, { team: place.team, user });
  const known = await sessionsOf(bridge, job, held);
  const direct = isDirectMessage(place.channel);
  const here = { place, privately: slash === true || direct };
  const view = policy.viewOf(place.team, user);
  const entries = await Promise.all(
    held.slice(0, MOST).map(async (mapping, index) => {
      const { sessionId, channel, description } = mapping;
      const about = await aboutIn(view, here, mapping, cut(description, MAX_ABOUT));
      const parts = [
        `\`${sessionId.slice(0, 8)}\` in <#${channel}>`,
        stateOf(known.get(sessionId)),
      ];
      const line = [...parts, escapeText(about)].filter(Boolean).join(" | ");
      const value = JSON.stringify([sessionId, job.id, user] satisfies z.input<typeof EndFor>);
      return { ...section(line), accessory: button("End it", END_FOR_ACTION + index, value) };
    }),
  );
  const more = held.length > MOST ? [context(`_and ${held.length - MOST} more_`)] : [];
  const how = context(
    "A button ends that session and begins what you asked for. `end all` ends all of yours.",
  );
  const message = blocks(text, section(text), ...entries, ...more, how);
  const only = slash && !direct ? user : undefined;
  await outbox.decide(job, async () => [{ ...draft(address, message), only }]);
}

/** What the backend knows of them; nothing, while it is away: the list is as good without. */
async function sessionsOf(
  bridge: Bridge,
  job: Job,
  held: readonly Mapping[],
): Promise<Map<string, Session>> {
  const sessionIds = held.slice(0, MOST).map(({ sessionId }) => sessionId);
  if (sessionIds.length === 0) return new Map();
  const filter = { sessionIds, pageSize: sessionIds.length };
  const { sessions } = await bridge.backend.list(filter, patiently(bridge, job));
  return new Map(sessions.map((session) => [session.sessionId, session]));
}

function stateOf(session: Session | undefined): string {
  if (!session) return "";
  return session.openTurns > 0 ? "at work" : `idle since ${dateText(session.lastActiveAt)} UTC`;
}
