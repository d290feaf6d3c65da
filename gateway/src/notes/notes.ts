/**
 * The table `web_memories`: what each person asked to be remembered, numbered
 * from 1. Of no surface: whoever a person is to it decides whose notes are meant.
 */
import { transaction } from "@amp/postgres";
import type pg from "pg";
import { categorize } from "./category.js";

/** In the form of the API. */
export interface Note {
  /** `mem-001` and so on. */
  id: string;
  /** ISO 8601. */
  timestamp: string;
  category: string;
  content: string;
  tags: string[];
}

/** How many characters a note may have. */
export const LONGEST_NOTE = 10_000;
/** How many notes one search finds, the newest. */
const MOST_FOUND = 50;

interface Row {
  number: number;
  created_at: Date;
  category: string;
  content: string;
  tags: string[];
}

export class Notes {
  constructor(private readonly pool: pg.Pool) {}

  /** Stores a note, or answers the one that was stored under the same request id. */
  add(person: string, content: string, requestId: string | undefined): Promise<Note> {
    const { category, tags } = categorize(content);
    return transaction(this.pool, async (client) => {
      // One at a time of a person's, so that each has a number of its own.
      await client.query(
        "select pg_advisory_xact_lock(hashtextextended('web_memories:' || $1, 0))",
        [person],
      );
      const { rows } = await client.query<Row>(
        `insert into web_memories (user_id, number, request_id, category, content, tags)
         select $1, coalesce(max(number), 0) + 1, $2, $3, $4, $5
         from web_memories where user_id = $1
         on conflict (user_id, request_id) do update set request_id = excluded.request_id
         returning *`,
        [person, requestId ?? null, category, content, tags],
      );
      const [row] = rows.map(toNote);
      if (row === undefined) throw new Error("no row was returned");
      return row;
    });
  }

  /**
   * The newest notes that have all words of the text, in any of their forms, or
   * the text itself in their content, category or a tag; the oldest of them first.
   */
  async search(person: string, text: string): Promise<Note[]> {
    const { rows } = await this.pool.query<Row>(
      `select * from (
         select * from web_memories
         where user_id = $1 and (
           words @@ plainto_tsquery('english', $2)
           or strpos(lower(content), lower($2)) > 0
           or strpos(lower(category), lower($2)) > 0
           or exists (select from unnest(tags) as tag where strpos(lower(tag), lower($2)) > 0)
         )
         order by number desc limit $3
       ) as newest order by number`,
      [person, text, MOST_FOUND],
    );
    return rows.map(toNote);
  }

  /** A person's notes, the newest first; those before a number, by default all. */
  async list(person: string, limit: number, before = 2 ** 31 - 1): Promise<Note[]> {
    const { rows } = await this.pool.query<Row>(
      `select * from web_memories where user_id = $1 and number < $3
       order by number desc limit $2`,
      [person, limit, before],
    );
    return rows.map(toNote);
  }

  /** Deletes a note for good. Returns whether there was one. */
  async delete(person: string, id: string): Promise<boolean> {
    const { rowCount } = await this.pool.query(
      "delete from web_memories where user_id = $1 and number = $2",
      [person, noteNumber(id) ?? 0],
    );
    return rowCount !== 0;
  }
}

/** The number in a note's id; undefined for what is none. */
export function noteNumber(id: string): number | undefined {
  const digits = /^mem-0*([1-9]\d{0,9})$/.exec(id)?.[1];
  const number = Number(digits);
  return digits !== undefined && number < 2 ** 31 ? number : undefined;
}

function toNote({ number, created_at, category, content, tags }: Row): Note {
  const id = `mem-${String(number).padStart(3, "0")}`;
  return { id, timestamp: created_at.toISOString(), category, content, tags };
}
