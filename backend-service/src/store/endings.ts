import type { Queryable } from "@amp/postgres";
import type { EndKind } from "./model.js";

/** Notified with the id of every session that ends, when that is committed. */
export const SESSION_ENDED_CHANNEL = "amp_session_ended";

const POSITION = `
  select feed, last, coalesce((select min(number) from endings) - 1, last) as forgotten
  from endings_position`;

const READ = `
  select number, session_id, kind, reason, ended_at from endings
  where number > $1 order by number limit $2`;

/** From the oldest on, and no further than the first one that is to be kept: never leaves a gap. */
const FORGET = `
  with oldest as (select number, ended_at from endings order by number limit $2)
  delete from endings where number <= (select max(number) from oldest)
    and number < coalesce((
      select min(number) from oldest
      where ended_at >= now() - $1 * interval '1 millisecond'), number + 1)`;

/** The end of a session, with its place in the one order of all ends. */
export interface Ending {
  /** From 1, without gaps. */
  number: number;
  sessionId: string;
  kind: EndKind;
  reason: string;
  endedAt: Date;
}

/** Which endings there are: those after `forgotten`, up to `last`, of this `feed`. */
export interface EndingsPosition {
  feed: string;
  last: number;
  forgotten: number;
}

/** Where the feed stands. */
export async function endingsPosition(db: Queryable): Promise<EndingsPosition> {
  const { rows } = await db.query<EndingsPosition>(POSITION);
  if (!rows[0]) throw new Error("endings_position is empty");
  return rows[0];
}

/** The next endings after a number, in order. */
export async function readEndings(db: Queryable, after: number, limit: number): Promise<Ending[]> {
  const { rows } = await db.query<{
    number: number;
    session_id: string;
    kind: EndKind;
    reason: string;
    ended_at: Date;
  }>(READ, [after, limit]);
  return rows.map(({ session_id, ended_at, ...rest }) => ({
    ...rest,
    sessionId: session_id,
    endedAt: ended_at,
  }));
}

/** Removes endings older than `keepMs`. @returns how many of at most `limit`. */
export async function forgetEndings(db: Queryable, keepMs: number, limit: number): Promise<number> {
  return (await db.query(FORGET, [keepMs, limit])).rowCount ?? 0;
}
