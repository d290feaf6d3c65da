/** The table `web_memories`: what each user asked to be remembered, numbered from 1. */
import { transaction } from "@amp/postgres";
import type pg from "pg";

/** In the form of the API. */
export interface Memory {
  /** `mem-001` and so on. */
  id: string;
  /** ISO 8601. */
  timestamp: string;
  category: string;
  content: string;
  tags: string[];
}

interface Row {
  number: number;
  created_at: Date;
  category: string;
  content: string;
  tags: string[];
}

export class Memories {
  constructor(private readonly pool: pg.Pool) {}

  /** Stores a memory, or answers the one that was stored under the same request id. */
  add(
    userId: string,
    memory: Pick<Memory, "category" | "content" | "tags">,
    requestId: string | undefined,
  ): Promise<Memory> {
    return transaction(this.pool, async (client) => {
      // One at a time of a user's, so that each has a number of its own.
      await client.query(
        "select pg_advisory_xact_lock(hashtextextended('web_memories:' || $1, 0))",
        [userId],
      );
      const { rows } = await client.query<Row>(
        `insert into web_memories (user_id, number, request_id, category, content, tags)
         select $1, coalesce(max(number), 0) + 1, $2, $3, $4, $5
         from web_memories where user_id = $1
         on conflict (user_id, request_id) do update set request_id = excluded.request_id
         returning *`,
        [userId, requestId ?? null, memory.category, memory.content, memory.tags],
      );
      const [row] = rows.map(toMemory);
      if (row === undefined) throw new Error("no row was returned");
      return row;
    });
  }

  /** Memories whose content, category or a tag contains the text, in any case; the oldest first. */
  async search(userId: string, text: string): Promise<Memory[]> {
    const { rows } = await this.pool.query<Row>(
      `select * from web_memories
       where user_id = $1 and (
         strpos(lower(content), lower($2)) > 0
         or strpos(lower(category), lower($2)) > 0
         or exists (select from unnest(tags) as tag where strpos(lower(tag), lower($2)) > 0)
       )
       order by number`,
      [userId, text],
    );
    return rows.map(toMemory);
  }
}

function toMemory({ number, created_at, category, content, tags }: Row): Memory {
  const id = `mem-${String(number).padStart(3, "0")}`;
  return { id, timestamp: created_at.toISOString(), category, content, tags };
}
