import type { UserId } from "../keys.js";
import { involvedIn } from "../mappings/involved.js";
import { findMapping, type Mapping, noteEnding } from "../mappings/store.js";
import { type Bridge, patiently } from "../work/bridge.js";
import { sessionsEnded } from "../work/ended.js";
import type { CommandRequest } from "./command.js";

/** The most people who are named as those who may. */
const MOST_NAMED = 5;

/** Why the user may not end the session, or stop its turn; undefined if they may. */
export async function mayNotEnd(
  { pool, policy }: Bridge,
  user: UserId,
  { team, sessionId }: Pick<Mapping, "team" | "sessionId">,
): Promise<string | undefined> {
  const involved = await involvedIn(pool, team, sessionId);
  if (policy.mayEnd(user, involved)) return undefined;
  const named = involved.slice(0, MOST_NAMED).map((each) => `<@${each}>`);
  const others = involved.length > named.length ? ", others who wrote in it" : "";
  return `_Only ${named.join(", ")}${others} and admins may stop or end this session._`;
}

/** What the backend is told of an end, for whoever reads the ended session. */
export function endedBy(user: UserId): string {
  return `ended by ${user} in Slack`;
}

/** Ends a session. Its conversations are told, but for the one that it is ended from. */
export async function endSession(
  bridge: Bridge,
  { job, place, user }: Pick<CommandRequest, "job" | "place" | "user">,
  sessionId: string,
): Promise<void> {
  const { pool, backend } = bridge;
  const here = await findMapping(pool, place);
  if (here?.active && here.sessionId === sessionId) await noteEnding(pool, here.id, job.id);
  const reason = endedBy(user);
  await backend.end(sessionId, reason, patiently(bridge, job));
  await sessionsEnded(bridge, [{ sessionId, how: "ended", at: Date.now(), reason }]);
}
