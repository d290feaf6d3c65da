/**
 * The table `web_mappings`: which sessions a user has, and which is the active
 * one, that is meant when none is named; at most one a user.
 *
 * | state     | meaning                              | leaves to                                    |
 * |-----------|--------------------------------------|----------------------------------------------|
 * | opening   | stored before the backend is asked   | active; abandoned; deleted when refused      |
 * | active    | its session is alive as far as known | ending, ended                                |
 * | ending    | the user ended it; backend not asked | ended                                        |
 * | ended     | its session is dead                  | -                                            |
 * | abandoned | nobody waits for this opening        | deleted, once the session it may have is over |
 *
 * A crash leaves a row in opening, ending or abandoned; `Unfinished` completes
 * it. The backend's request_id is made from the row, so that asking again for
 * an opening finds the session that it already has.
 */
import { transaction } from "@amp/postgres";
import type pg from "pg";

type MappingState = "opening" | "active" | "ending" | "ended" | "abandoned";

/** One user's session. */
export interface Mapping {
  mapping_id: string;
  user_id: string;
  state: MappingState;
  is_active: boolean;
  /** Null while opening and when abandoned. */
  session_id: string | null;
  agent: string;
  working_dir: string;
  project_id: string;
  description: string;
  created_at: Date;
  last_active: Date;
}

/** A mapping that has its session. */
export type SessionMapping = Mapping & { session_id: string };

/** What the caller of `open` asks for. */
export interface Opening {
  agent: string;
  workingDir: string;
  description: string;
  requestId: string | undefined;
}

/** What the backend says of a new session. */
export interface OpenedSession {
  sessionId: string;
  agent: string;
  workingDir: string;
  project: string;
}

export class Mappings {
  constructor(private readonly pool: pg.Pool) {}

  /** Begins a mapping, or answers the one that an earlier call with this request id began. */
  async open(userId: string, opening: Opening): Promise<Mapping> {
    const { rows } = await this.pool.query<Mapping>(
      `insert into web_mappings as m (user_id, request_id, agent, working_dir, description)
       values ($1, $2, $3, $4, $5)
       on conflict (user_id, request_id) do update
         set last_active = case m.state when 'opening' then now() else m.last_active end
       returning *`,
      [userId, opening.requestId ?? null, opening.agent, opening.workingDir, opening.description],
    );
    return only(rows);
  }

  /** Gives an opening its session and makes it the user's active one. Undefined: it is no opening any more. */
  async attach(mapping: Mapping, session: OpenedSession): Promise<SessionMapping | undefined> {
    return this.alone(mapping.user_id, async (client) => {
      const { rowCount } = await client.query(
        `update web_mappings
         set state = 'active', session_id = $2, agent = $3, working_dir = $4, project_id = $5
         where mapping_id = $1 and state = 'opening'`,
        [mapping.mapping_id, session.sessionId, session.agent, session.workingDir, session.project],
      );
      return rowCount === 0 ? undefined : activate(client, mapping.user_id, session.sessionId);
    });
  }

  /** Makes a session of the user the active one. Undefined: it is not theirs, or over. */
  async activate(userId: string, sessionId: string): Promise<SessionMapping | undefined> {
    return this.alone(userId, (client) => activate(client, userId, sessionId));
  }

  /** The session of this id, or the active one; undefined if the user has none. */
  async find(userId: string, sessionId: string | undefined): Promise<SessionMapping | undefined> {
    const { rows } = await this.pool.query<SessionMapping>(
      sessionId === undefined
        ? "select * from web_mappings where user_id = $1 and is_active"
        : "select * from web_mappings where user_id = $1 and session_id = $2",
      sessionId === undefined ? [userId] : [userId, sessionId],
    );
    return rows[0];
  }

  /** The mapping, whatever became of it; undefined if it was deleted. */
  async get(mappingId: string): Promise<Mapping | undefined> {
    const { rows } = await this.pool.query<Mapping>(
      "select * from web_mappings where mapping_id = $1",
      [mappingId],
    );
    return rows[0];
  }

  /** Notes that the session is talked to. */
  async touch(mapping: SessionMapping): Promise<void> {
    await this.pool.query(
      "update web_mappings set last_active = now() where mapping_id = $1 and state = 'active'",
      [mapping.mapping_id],
    );
  }

  /** Notes that the user wants it over. */
  async ending(mapping: SessionMapping): Promise<void> {
    await this.pool.query(
      `update web_mappings set state = 'ending', is_active = false
       where mapping_id = $1 and state = 'active'`,
      [mapping.mapping_id],
    );
  }

  /** Deactivates whatever still points at a dead session, of which the user is told now. Returns what did. */
  async ended(sessionId: string): Promise<SessionMapping[]> {
    const { rows } = await this.pool.query<SessionMapping>(
      `update web_mappings set state = 'ended', is_active = false, untold = false
       where session_id = $1 and (state in ('active', 'ending') or untold) returning *`,
      [sessionId],
    );
    return rows;
  }

  /** Deactivates what points at sessions that died while nobody asked. Users are told when they ask for the active one. */
  async endedElsewhere(sessionIds: string[]): Promise<SessionMapping[]> {
    const { rows } = await this.pool.query<SessionMapping>(
      `with dead as (
         select mapping_id from web_mappings
         where session_id = any($1) and state = 'active' order by mapping_id for update
       )
       update web_mappings as m set state = 'ended', is_active = false, untold = m.is_active
       from dead where m.mapping_id = dead.mapping_id and m.state = 'active'
       returning m.*`,
      [sessionIds],
    );
    return rows;
  }

  /** Whether the user's active session died and they were not told so. They are from now on. */
  async tellDead(userId: string): Promise<boolean> {
    const { rowCount } = await this.pool.query(
      "update web_mappings set untold = false where user_id = $1 and untold",
      [userId],
    );
    return rowCount !== 0;
  }

  /** Sessions of active mappings, in the order of their ids, after this one. */
  async activeSessions(after: string, limit: number): Promise<string[]> {
    const { rows } = await this.pool.query<{ session_id: string }>(
      `select distinct session_id from web_mappings
       where state = 'active' and session_id > $1 order by session_id limit $2`,
      [after, limit],
    );
    return rows.map(({ session_id }) => session_id);
  }

  /** Mappings whose session was not looked at since they became active. */
  async unchecked(limit: number): Promise<{ mapping: string; sessionId: string }[]> {
    const { rows } = await this.pool.query<{ mapping: string; sessionId: string }>(
      `select mapping_id as mapping, session_id as "sessionId" from web_mappings
       where state = 'active' and unchecked limit $1`,
      [limit],
    );
    return rows;
  }

  async checked(mappingIds: string[]): Promise<void> {
    await this.pool.query(
      "update web_mappings set unchecked = false where mapping_id = any($1) and unchecked",
      [mappingIds],
    );
  }

  /** Gives up an opening: nobody will ask for it again. Its request id may be used anew. */
  async abandon(mapping: Mapping): Promise<void> {
    await this.pool.query(
      `update web_mappings set state = 'abandoned', request_id = null
       where mapping_id = $1 and state = 'opening'`,
      [mapping.mapping_id],
    );
  }

  /** Gives up the openings that nobody has asked for since so many milliseconds. */
  async abandonOlderThan(milliseconds: number): Promise<void> {
    await this.pool.query(
      `update web_mappings set state = 'abandoned', request_id = null
       where state = 'opening' and last_active < now() - $1 * interval '1 ms'`,
      [milliseconds],
    );
  }

  /** Mappings whose end the backend has not been told of, or not for certain. */
  async unfinished(): Promise<Mapping[]> {
    const { rows } = await this.pool.query<Mapping>(
      `select * from web_mappings where state in ('ending', 'abandoned') order by last_active`,
    );
    return rows;
  }

  /** Forgets an opening that has no session. */
  async discard(mapping: Mapping): Promise<void> {
    await this.pool.query(
      "delete from web_mappings where mapping_id = $1 and state in ('opening', 'abandoned')",
      [mapping.mapping_id],
    );
  }

  /** One at a time of those that choose a user's active session. */
  private alone<T>(userId: string, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    return transaction(this.pool, async (client) => {
      await client.query(
        "select pg_advisory_xact_lock(hashtextextended('web_mappings:' || $1, 0))",
        [userId],
      );
      return work(client);
    });
  }
}

async function activate(
  client: pg.PoolClient,
  userId: string,
  sessionId: string,
): Promise<SessionMapping | undefined> {
  const alive = await client.query(
    "select 1 from web_mappings where user_id = $1 and session_id = $2 and state = 'active' for update",
    [userId, sessionId],
  );
  if (alive.rowCount === 0) return undefined;
  await client.query(
    `update web_mappings set is_active = false, untold = false
     where user_id = $1 and (is_active or untold) and session_id <> $2`,
    [userId, sessionId],
  );
  const { rows } = await client.query<SessionMapping>(
    `update web_mappings set is_active = true, last_active = now()
     where user_id = $1 and session_id = $2 returning *`,
    [userId, sessionId],
  );
  return rows[0];
}

function only<T>(rows: T[]): T {
  const [row] = rows;
  if (row === undefined) throw new Error("no row was returned");
  return row;
}
