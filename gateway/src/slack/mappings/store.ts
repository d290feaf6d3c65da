import type { Queryable } from "@amp/postgres";
import type { ChannelId, Place, TeamId, Ts, UserId } from "../keys.js";

/**
 * Which session a conversation talks to.
 *
 * reserved -> active -> ended. A reservation holds one of the user's slots
 * while a session and its place are being made; it belongs to the delivery that
 * asked for it, and a repeat of that delivery goes on with it. At most one
 * mapping of a conversation is active, by a unique index.
 */
export interface Mapping {
  id: number;
  team: TeamId;
  channel: ChannelId;
  thread: Ts | null;
  sessionId: string;
  active: boolean;
  createdBy: UserId;
  project: string;
  description: string;
  workingDir: string;
  /** Whether the session was begun for it, and not one that was there before. */
  begun: boolean;
  /** Who wrote a turn from here. */
  writers: UserId[];
  /** Null while it is active. */
  endReason: EndReason | null;
  /** The delivery that is ending the session from here, or did. */
  endingJob: number | null;
}

/**
 * Why a mapping ended: from its own conversation; its session died, and the
 * conversation was told; or it died, and whoever writes there next will be told.
 */
export type EndReason = "ended" | "dead" | "untold";

/** The unique index behind "one active mapping a conversation". */
export const ONE_ACTIVE = "slack_mappings_active";

const COLUMNS = `id, team_id as team, channel_id as channel, thread_ts as thread,
  session_id as "sessionId", state = 'active' as active, created_by as "createdBy",
  project_id as project, description, working_dir as "workingDir", end_reason as "endReason",
  ending_inbox_id as "endingJob", begun, writers`;
const IN_PLACE = "team_id = $1 and channel_id = $2 and coalesce(thread_ts, '') = coalesce($3, '')";

/** The conversation's active mapping, or else its latest. A thread never stands for its channel. */
export async function findMapping(db: Queryable, place: Place): Promise<Mapping | undefined> {
  const { rows } = await db.query<Mapping>(
    `select ${COLUMNS} from slack_mappings where ${IN_PLACE} and state <> 'reserved'
     order by state = 'active' desc, id desc limit 1`,
    [place.team, place.channel, place.thread],
  );
  return rows[0];
}

/** The active mappings of a workspace, of one user or one channel or of all, oldest first. */
export async function listActive(
  db: Queryable,
  { team, user, channel }: { team?: TeamId; user?: UserId; channel?: ChannelId } = {},
): Promise<Mapping[]> {
  const { rows } = await db.query<Mapping>(
    `select ${COLUMNS} from slack_mappings where state = 'active'
       and ($1::text is null or team_id = $1) and ($2::text is null or created_by = $2)
       and ($3::text is null or channel_id = $3) order by id`,
    [team ?? null, user ?? null, channel ?? null],
  );
  return rows;
}

/**
 * Holds a slot of the user for a delivery; undefined when all are taken. To be
 * called in a transaction: the lock on the user lasts as long as it does.
 */
export async function reserve(
  tx: Queryable,
  inboxId: number,
  { team, channel }: Place,
  user: UserId,
  limit: number,
): Promise<number | undefined> {
  await tx.query("select pg_advisory_xact_lock(hashtextextended($1, 0))", [`${team}:${user}`]);
  const { rows } = await tx.query<{ id: number }>(
    `insert into slack_mappings (team_id, channel_id, created_by, inbox_id)
     select $1, $2, $3, $4 where (
       select count(*) from slack_mappings
       where team_id = $1 and created_by = $3 and state <> 'ended' and inbox_id <> $4
     ) < $5
     on conflict (inbox_id) do update set inbox_id = excluded.inbox_id
     returning id`,
    [team, channel, user, inboxId, limit],
  );
  return rows[0]?.id;
}

/** What a reservation is for. */
export type MappedSession = Pick<Mapping, "sessionId" | "project" | "description" | "workingDir">;

/** Notes the session that was made for the reservation. */
export async function assign(
  db: Queryable,
  id: number,
  session: MappedSession,
  begun: boolean,
): Promise<void> {
  await db.query(
    `update slack_mappings set session_id = $2, project_id = $3, description = $4,
       working_dir = $5, begun = $6 where id = $1`,
    [id, session.sessionId, session.project, session.description, session.workingDir, begun],
  );
}

/** From here on the conversation is the session's. @throws a unique violation of ONE_ACTIVE when it has another. */
export async function activate(db: Queryable, id: number, thread: Ts | null): Promise<void> {
  await db.query(
    "update slack_mappings set state = 'active', thread_ts = $2 where id = $1 and state = 'reserved'",
    [id, thread],
  );
}

/** Whether the conversation has a session now. */
export async function isTaken(db: Queryable, place: Place): Promise<boolean> {
  const { rowCount } = await db.query(
    `select from slack_mappings where ${IN_PLACE} and state = 'active'`,
    [place.team, place.channel, place.thread],
  );
  return rowCount !== 0;
}

/** Ends a mapping, if it is active or nobody was told of its end. Returns whether it was this call. */
export async function deactivate(
  db: Queryable,
  { id, sessionId }: Pick<Mapping, "id" | "sessionId">,
  reason: EndReason,
): Promise<boolean> {
  const { rowCount } = await db.query(
    `update slack_mappings
     set state = 'ended', ended_at = coalesce(ended_at, now()), end_reason = $3
     where id = $1 and session_id = $2 and (state = 'active' or end_reason = 'untold')`,
    [id, sessionId, reason],
  );
  return rowCount !== 0;
}

/** Notes which delivery ends the session from its own conversation, so that nothing else tells of it; null for none after all. */
export async function noteEnding(db: Queryable, id: number, job: number | null): Promise<void> {
  await db.query("update slack_mappings set ending_inbox_id = $2 where id = $1", [id, job]);
}

/**
 * Ends every active mapping of these sessions. Those in `told` are the ones
 * whose conversations are told of it by the caller. Returns the mappings that
 * this call ended, in an order that is the same for all callers.
 */
export async function deactivateAll(
  db: Queryable,
  sessionIds: string[],
  told: string[],
): Promise<Mapping[]> {
  const { rows } = await db.query<Mapping>(
    `with dead as (
       select id as dead_id from slack_mappings
       where session_id = any($1) and state = 'active' order by id for update
     ), ended as (
       update slack_mappings set state = 'ended', ended_at = now(), end_reason = case
         when ending_inbox_id is not null then 'ended'
         when session_id = any($2) then 'dead' else 'untold' end
       from dead where id = dead_id and state = 'active' returning slack_mappings.*
     )
     select ${COLUMNS} from ended order by id`,
    [sessionIds, told],
  );
  return rows;
}

/** Sessions of active mappings, in the order of their ids, after this one. */
export async function activeSessions(
  db: Queryable,
  after: string,
  limit: number,
): Promise<string[]> {
  const { rows } = await db.query<{ session: string }>(
    `select distinct session_id as session from slack_mappings
     where state = 'active' and session_id > $1 order by session_id limit $2`,
    [after, limit],
  );
  return rows.map(({ session }) => session);
}

/** Mappings whose session was not looked at since they became active. */
export async function uncheckedMappings(
  db: Queryable,
  limit: number,
): Promise<{ mapping: string; sessionId: string }[]> {
  const { rows } = await db.query<{ mapping: string; sessionId: string }>(
    `select id::text as mapping, session_id as "sessionId" from slack_mappings
     where state = 'active' and unchecked limit $1`,
    [limit],
  );
  return rows;
}

export async function markChecked(db: Queryable, ids: string[]): Promise<void> {
  await db.query(
    "update slack_mappings set unchecked = false where id = any($1::bigint[]) and unchecked",
    [ids],
  );
}

/**
 * Takes a mapping back that found no place: gives its slot back, after ending
 * the session that was begun for it.
 */
export async function abandon(
  db: Queryable,
  id: number,
  endSession: (sessionId: string) => Promise<unknown>,
): Promise<void> {
  const { rows } = await db.query<{ sessionId: string }>(
    `select session_id as "sessionId" from slack_mappings
     where id = $1 and state <> 'ended' and begun`,
    [id],
  );
  if (rows[0]) await endSession(rows[0].sessionId);
  await db.query("delete from slack_mappings where id = $1 and state = 'reserved'", [id]);
  await db.query(
    `update slack_mappings set state = 'ended', ended_at = now(), end_reason = 'ended'
     where id = $1 and state = 'active'`,
    [id],
  );
}

/** Reservations of deliveries that are finished or gone: nothing will use them. */
export async function strayReservations(db: Queryable): Promise<number[]> {
  const { rows } = await db.query<{ id: number }>(
    `select id from slack_mappings as mapping where state = 'reserved' and not exists (
       select from slack_inbox where id = mapping.inbox_id and status = 'waiting'
     ) limit 100`,
  );
  return rows.map(({ id }) => id);
}

/** The reservation of a delivery, if it has one. */
export async function reservationOf(db: Queryable, inboxId: number): Promise<number | undefined> {
  const { rows } = await db.query<{ id: number }>(
    "select id from slack_mappings where inbox_id = $1 and state = 'reserved'",
    [inboxId],
  );
  return rows[0]?.id;
}

/** Notes that the conversation is in use. */
export async function touch(db: Queryable, id: number): Promise<void> {
  await db.query(
    "update slack_mappings set last_active = greatest(last_active, now()) where id = $1",
    [id],
  );
}

/**
 * Notes that a turn of the conversation was stopped. A stop that comes in within
 * two seconds of it is the same gesture, and `turnEndedAfter` says so.
 */
export async function touchStopped(db: Queryable, id: number): Promise<void> {
  await db.query(
    "update slack_mappings set last_active = clock_timestamp() + interval '2 s' where id = $1",
    [id],
  );
}

/** Whether a turn of the conversation ended after the inbox row came in. */
export async function turnEndedAfter(db: Queryable, id: number, inboxId: number): Promise<boolean> {
  const { rowCount } = await db.query(
    `select from slack_mappings, slack_inbox
     where slack_mappings.id = $1 and slack_inbox.id = $2 and last_active > received_at`,
    [id, inboxId],
  );
  return rowCount !== 0;
}

/** Gives the conversations of a channel its new id. */
export async function moveChannel(
  db: Queryable,
  team: TeamId,
  from: ChannelId,
  to: ChannelId,
): Promise<void> {
  await db.query(
    "update slack_mappings set channel_id = $3 where team_id = $1 and channel_id = $2",
    [team, from, to],
  );
}
