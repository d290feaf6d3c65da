import type { Queryable } from "@amp/postgres";

/** How far all endings are dealt with; empty when nobody ever followed them. */
export async function readCursor(db: Queryable): Promise<string> {
  const { rows } = await db.query<{ cursor: string }>("select cursor from endings_cursor");
  return rows[0]?.cursor ?? "";
}

/** Notes that everything up to the cursor is dealt with, and committed. */
export async function storeCursor(db: Queryable, cursor: string): Promise<void> {
  await db.query(
    `insert into endings_cursor (cursor) values ($1)
     on conflict (id) do update set cursor = excluded.cursor, stored_at = now()`,
    [cursor],
  );
}
