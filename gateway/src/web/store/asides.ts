/** The table `web_asides`: what was said to the notes in a session, for its transcript. No agent hears of it. */
import type pg from "pg";
import type { Stretch } from "../transcript.js";

/** A memory phrase and its answer. */
export interface Aside {
  request_id: string;
  message: string;
  response: string;
  action: "remember" | "recall";
  created_at: Date;
}

/** How many a stretch of a transcript shows. */
const MOST = 200;

export class Asides {
  constructor(private readonly pool: pg.Pool) {}

  /** Keeps one; a repeat of its request changes nothing. */
  async add(userId: string, sessionId: string, aside: Omit<Aside, "created_at">): Promise<void> {
    await this.pool.query(
      `insert into web_asides (user_id, session_id, request_id, message, response, action)
       values ($1, $2, $3, $4, $5, $6) on conflict (user_id, request_id) do nothing`,
      [userId, sessionId, aside.request_id, aside.message, aside.response, aside.action],
    );
  }

  /**
   * Those of a user's session that belong to a stretch of its transcript: from its
   * first turn on, or all if it has the first one. The oldest first; of many, the
   * newest, or those nearest to the stretch if it is not the newest.
   */
  async beside(
    userId: string,
    sessionId: string,
    { turns, hasMore }: Stretch,
    newest: boolean,
  ): Promise<Aside[]> {
    const from = hasMore ? (turns[0]?.createdAt ?? null) : null;
    const { rows } = await this.pool.query<Aside>(
      `select request_id, message, response, action, created_at from web_asides
       where user_id = $1 and session_id = $2 and ($3::timestamptz is null or created_at >= $3)
       order by created_at ${newest ? "desc" : "asc"} limit $4`,
      [userId, sessionId, from, MOST],
    );
    return newest ? rows.reverse() : rows;
  }
}
