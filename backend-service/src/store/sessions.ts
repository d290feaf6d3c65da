import type { Queryable } from "@amp/postgres";
import type { EndKind, Origin, Session } from "./model.js";

const COLUMNS = `session_id, agent, working_dir, project, description, origin_surface, origin_user,
  origin_conversation, state, end_kind, end_reason, created_at, last_active_at, ended_at, turn_count, open_turns`;

const CREATE = `
  insert into sessions (session_id, agent, working_dir, project, description, origin_surface,
    origin_user, origin_conversation, create_request_id)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
  on conflict (create_request_id) do nothing
  returning ${COLUMNS}`;

const BY_CREATE_REQUEST = `select ${COLUMNS} from sessions where create_request_id = $1`;

const FIND = `select ${COLUMNS} from sessions where session_id = $1`;

const LIST = `
  select ${COLUMNS} from sessions
  where ($1::text is null or state = $1)
    and ($2::text is null or project = $2)
    and ($3::text is null or origin_surface = $3)
    and ($4::text is null or starts_with(session_id, $4))
    and ($5::text[] is null or session_id = any ($5))
    and ($6::timestamptz is null or (last_active_at, session_id) < ($6, $7))
  order by last_active_at desc, session_id desc
  limit $8`;

/** The trigger session_ended does the rest. */
const END = `
  update sessions
  set state = 'ended', end_reason = $2, ended_at = now(), last_active_at = now(), open_turns = 0
  where session_id = $1 and state = 'active'
  returning ${COLUMNS}`;

/** A row that changes before it is locked is judged again; one that is locked is left alone. */
const EXPIRE = `
  update sessions
  set state = 'ended', end_kind = 'expired', ended_at = now()
  where session_id = any (array(
    select session_id from sessions
    where state = 'active' and open_turns = 0
      and last_active_at < now() - $1 * interval '1 millisecond'
    order by last_active_at limit $2 for update skip locked))`;

/** The sessions that ended longest ago, $2 of those that may be deleted, as far as nobody else has them locked. */
const OLD = `
  select session_id from sessions
  where state = 'ended' and ended_at < now() - $1 * interval '1 millisecond'
  order by ended_at limit $2 for update skip locked`;

/** Their turns first, $3 at a time: a session may have any number. */
const PURGE_TURNS = `
  with old as materialized (${OLD}), chosen as (
    select t.session_id, t.seq from old join turns t using (session_id) limit $3)
  delete from turns t using chosen
  where t.session_id = chosen.session_id and t.seq = chosen.seq`;

const PURGE = `
  delete from sessions s using (${OLD}) old
  where s.session_id = old.session_id
    and not exists (select from turns t where t.session_id = old.session_id)`;

interface SessionRow {
  session_id: string;
  agent: string;
  working_dir: string;
  project: string;
  description: string;
  origin_surface: string | null;
  origin_user: string | null;
  origin_conversation: string | null;
  state: Session["state"];
  end_kind: EndKind;
  end_reason: string;
  created_at: Date;
  last_active_at: Date;
  ended_at: Date | null;
  turn_count: number;
  open_turns: number;
}

function toSession(row: SessionRow): Session {
  return {
    sessionId: row.session_id,
    agent: row.agent,
    workingDir: row.working_dir,
    project: row.project,
    description: row.description,
    origin:
      row.origin_surface === null
        ? undefined
        : {
            surface: row.origin_surface,
            user: row.origin_user ?? "",
            conversation: row.origin_conversation ?? "",
          },
    state: row.state,
    endKind: row.state === "ended" ? row.end_kind : undefined,
    endReason: row.end_reason,
    createdAt: row.created_at,
    lastActiveAt: row.last_active_at,
    endedAt: row.ended_at ?? undefined,
    turnCount: row.turn_count,
    openTurns: row.open_turns,
  };
}

/** What a new session is made of. */
export interface NewSession {
  sessionId: string;
  agent: string;
  workingDir: string;
  project: string;
  description: string;
  origin: Origin | undefined;
  /** Undefined: not idempotent. */
  requestId: string | undefined;
}

/** Begins a session, or answers the one that an earlier call with the same requestId began. */
export async function createSession(db: Queryable, session: NewSession): Promise<Session> {
  const { rows } = await db.query<SessionRow>(CREATE, [
    session.sessionId,
    session.agent,
    session.workingDir,
    session.project,
    session.description,
    session.origin?.surface,
    session.origin?.user,
    session.origin?.conversation,
    session.requestId,
  ]);
  const row =
    rows[0] ?? (await db.query<SessionRow>(BY_CREATE_REQUEST, [session.requestId])).rows[0];
  if (!row) throw new Error("a session was neither made nor found");
  return toSession(row);
}

/** The session that an earlier Create with this requestId began. */
export async function findCreated(db: Queryable, requestId: string): Promise<Session | undefined> {
  const { rows } = await db.query<SessionRow>(BY_CREATE_REQUEST, [requestId]);
  return rows[0] && toSession(rows[0]);
}

/** The session, alive or ended; undefined when it is unknown. */
export async function findSession(db: Queryable, sessionId: string): Promise<Session | undefined> {
  const { rows } = await db.query<SessionRow>(FIND, [sessionId]);
  return rows[0] && toSession(rows[0]);
}

/** Which sessions to list; an undefined filter lets everything pass. */
export interface SessionFilter {
  state: Session["state"] | undefined;
  project: string | undefined;
  surface: string | undefined;
  idPrefix: string | undefined;
  sessionIds: string[] | undefined;
  /** Only those that come after this one in the order of the list. */
  after: { lastActiveAt: Date; sessionId: string } | undefined;
  limit: number;
}

/** Sessions, the last active first. */
export async function listSessions(db: Queryable, filter: SessionFilter): Promise<Session[]> {
  const { rows } = await db.query<SessionRow>(LIST, [
    filter.state,
    filter.project,
    filter.surface,
    filter.idPrefix,
    filter.sessionIds,
    filter.after?.lastActiveAt,
    filter.after?.sessionId,
    filter.limit,
  ]);
  return rows.map(toSession);
}

/**
 * Ends a session and cancels its open turns, in one commit.
 * @returns whether this call ended it, and the session; undefined when it is unknown.
 */
export async function endSession(
  db: Queryable,
  sessionId: string,
  reason: string,
): Promise<{ ended: boolean; session: Session | undefined }> {
  const { rows } = await db.query<SessionRow>(END, [sessionId, reason]);
  if (rows[0]) return { ended: true, session: toSession(rows[0]) };
  return { ended: false, session: await findSession(db, sessionId) };
}

/**
 * Ends active sessions without open turns that were idle for longer than `idleMs`.
 * @returns how many of at most `limit`.
 */
export async function expireSessions(
  db: Queryable,
  idleMs: number,
  limit: number,
): Promise<number> {
  return (await db.query(EXPIRE, [idleMs, limit])).rowCount ?? 0;
}

/** How much is deleted by one statement. */
export interface PurgeBatch {
  sessions: number;
  turns: number;
}

/**
 * Deletes turns of sessions that ended longer than `keepMs` ago. Must come to an end
 * before the sessions can be deleted.
 * @returns how many of at most `batch.turns`
 */
export async function purgeTurns(
  db: Queryable,
  keepMs: number,
  batch: PurgeBatch,
): Promise<number> {
  return (await db.query(PURGE_TURNS, [keepMs, batch.sessions, batch.turns])).rowCount ?? 0;
}

/** Deletes sessions that ended longer than `keepMs` ago and have no turns any more. @returns how many of at most `limit`. */
export async function purgeSessions(db: Queryable, keepMs: number, limit: number): Promise<number> {
  return (await db.query(PURGE, [keepMs, limit])).rowCount ?? 0;
}
