import type { Queryable } from "@amp/postgres";
import type { Job } from "../inbox/job.js";
import type { Place, Ts, UserId } from "../keys.js";
import { type Address, type Bridge, draft, whisper } from "./bridge.js";

/** Who wants something of the app, and where. */
export interface Visitor {
  user: UserId;
  place: Place;
  /** Where they are answered. */
  address: Address;
  /** The message that they wrote, if they did. */
  ts?: Ts | undefined;
}

/** Whether somebody may use the app here. If not, they alone are told why, some reasons only once. */
export async function isAdmitted(
  bridge: Bridge,
  job: Job,
  { user, place, address, ts }: Visitor,
): Promise<boolean> {
  const refusal = await bridge.policy.refusal(place, user);
  if (!refusal) return true;
  const { text, once } = refusal;
  if (once && !(await isFirst(bridge.pool, `refused:${place.team}:${user}:${text}`))) return false;
  bridge.logger.info(
    { inbox: job.id, user, team: place.team },
    "somebody may not use the app here",
  );
  // Slack shows a note to one person in a thread only where others have written.
  const { channel, thread } = address;
  const where = { channel, thread: thread === ts ? null : thread };
  if (address.responseUrl === undefined) await whisper(bridge, where, user, text);
  else await bridge.outbox.decide(job, async () => [{ ...draft(address, { text }), only: user }]);
  return false;
}

/** Whether this is the first time that something is told. */
export async function isFirst(db: Queryable, key: string): Promise<boolean> {
  const { rowCount } = await db.query(
    "insert into slack_told (key) values ($1) on conflict do nothing",
    [key],
  );
  return rowCount !== 0;
}
