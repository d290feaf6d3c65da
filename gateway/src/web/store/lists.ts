/** The table `web_mappings` as lists: pages of a user's sessions, single entries, and the end of old ones. */
import type pg from "pg";
import type { SessionMapping } from "./mappings.js";

/** Which part of a user's list. */
export interface ListRequest {
  limit: number;
  /** Where the page before ended; the newest by default. */
  cursor?: Place | undefined;
  /** Part of a description or of a project's name, in any case, or the beginning of an id; empty for all. */
  q?: string | undefined;
}

/** The place of an entry in the list, which is the last active first. */
export interface Place {
  /** When it was last active, in microseconds since 1970. */
  microseconds: string;
  mappingId: string;
}

export interface ListPage {
  entries: SessionMapping[];
  /** Where the next page begins; undefined when this is the last one. */
  next: Place | undefined;
}

type Row = SessionMapping & { microseconds: string };

export class Lists {
  constructor(private readonly pool: pg.Pool) {}

  /** A page of the sessions of a user, the last active first. */
  async page(userId: string, { limit, cursor, q = "" }: ListRequest): Promise<ListPage> {
    const { rows } = await this.pool.query<Row>(
      `select *, (extract(epoch from last_active) * 1000000)::bigint::text as microseconds
       from web_mappings
       where user_id = $1 and session_id is not null
         and ($2::bigint is null or (last_active, mapping_id)
           < (timestamptz 'epoch' + $2::bigint * interval '1 microsecond', $3::uuid))
         and ($4 = '' or strpos(lower(description), lower($4)) > 0
           or strpos(lower(project_id), lower($4)) > 0 or starts_with(session_id, lower($4)))
       order by last_active desc, mapping_id desc limit $5`,
      [userId, cursor?.microseconds ?? null, cursor?.mappingId ?? null, q, limit + 1],
    );
    const entries = rows.slice(0, limit);
    const last = rows.length > limit ? entries.at(-1) : undefined;
    return {
      entries,
      next: last && { microseconds: last.microseconds, mappingId: last.mapping_id },
    };
  }

  /** Those of the mappings that are sessions. */
  async entries(mappingIds: string[]): Promise<SessionMapping[]> {
    const { rows } = await this.pool.query<SessionMapping>(
      "select * from web_mappings where mapping_id = any($1) and session_id is not null",
      [mappingIds],
    );
    return rows;
  }

  /** Deletes some of the sessions that ended so many milliseconds ago, with what was said to the notes in them. Returns how many. */
  async purgeEnded(milliseconds: number, limit: number): Promise<number> {
    const { rowCount } = await this.pool.query(
      `with old as (
         select mapping_id from web_mappings
         where state = 'ended' and ended_at < now() - $1 * interval '1 ms'
         order by ended_at limit $2 for update skip locked
       ), asides as (
         delete from web_asides where session_id in (
           select session_id from web_mappings where mapping_id in (select mapping_id from old))
       )
       delete from web_mappings where mapping_id in (select mapping_id from old)`,
      [milliseconds, limit],
    );
    return rowCount ?? 0;
  }
}
