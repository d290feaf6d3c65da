import { type Queryable, transaction } from "@amp/postgres";
import type pg from "pg";
import type { Accepted } from "../door/delivery.js";
import { againDedupeKey } from "../keys.js";

/** The channel on which a new row is announced. */
export const INBOX_CHANNEL = "slack_inbox";

/** A delivery that waits. */
export interface InboxRow {
  id: number;
  lane: string;
  /** For calls to the backend: the same in every attempt. */
  requestId: string;
  body: unknown;
  /** How many attempts failed. */
  attempts: number;
}

/**
 * The lane's row first: its lock makes the ids of a lane visible in their
 * order. A lane that waits for its next attempt goes on waiting.
 */
const ENQUEUE = `
  with lane as (
    insert into slack_lanes (lane) values ($2)
    on conflict (lane) do update set next_at = slack_lanes.next_at
    returning lane
  ), stored as (
    insert into slack_inbox (dedupe_key, lane, body) select $1, lane, $3 from lane
    on conflict (dedupe_key) do nothing
    returning id
  )
  select pg_notify('${INBOX_CHANNEL}', '') from stored`;

/** Stores a delivery, unless it is there already. */
export async function enqueue(
  db: Queryable,
  { dedupeKey, lane }: Pick<Accepted, "dedupeKey" | "lane">,
  body: unknown,
): Promise<void> {
  await db.query(ENQUEUE, [dedupeKey, lane, JSON.stringify(body)]);
}

/** Stores a delivery once more, to be worked anew behind its lane; once, however often it is called. */
export async function enqueueAgain(db: Queryable, inboxId: number): Promise<void> {
  const { rows } = await db.query<{ lane: string; body: unknown }>(
    "select lane, body from slack_inbox where id = $1",
    [inboxId],
  );
  const [old] = rows;
  if (!old) return;
  await db.query(ENQUEUE, [againDedupeKey(inboxId), old.lane, JSON.stringify(old.body)]);
}

/** The oldest waiting row of a lane. */
export async function head(db: Queryable, lane: string): Promise<InboxRow | undefined> {
  const { rows } = await db.query<InboxRow>(
    `select id, lane, request_id as "requestId", body, attempts from slack_inbox
     where lane = $1 and status = 'waiting' order by id limit 1`,
    [lane],
  );
  return rows[0];
}

/**
 * How many rows of a lane that came in before this row are not answered yet,
 * and how long ago this row came in, in milliseconds.
 */
export async function unansweredBefore(
  db: Queryable,
  lane: string,
  id: number,
): Promise<{ count: number; age: number }> {
  const { rows } = await db.query<{ count: number; age: number }>(
    `select (
       select count(*) from slack_inbox where lane = $1 and id < $2 and status = 'waiting'
         and not exists (select from slack_outbox where inbox_id = slack_inbox.id)
     ) as count, (extract(epoch from now() - received_at) * 1000)::float8 as age
     from slack_inbox where id = $2`,
    [lane, id],
  );
  return rows[0] ?? { count: 0, age: 0 };
}

/** Notes a failed attempt. */
export async function noteFailure(db: Queryable, id: number, error: string): Promise<void> {
  await db.query(
    "update slack_inbox set attempts = attempts + 1, last_error = $2 where id = $1 and status = 'waiting'",
    // PostgreSQL's text has no NUL.
    [id, error.replaceAll("\0", "")],
  );
}

/** Ends the work on a row; the dead are kept for an operator to look at. */
export async function finish(db: Queryable, id: number, status: "done" | "dead"): Promise<void> {
  await db.query(
    "update slack_inbox set status = $2, finished_at = now() where id = $1 and status = 'waiting'",
    [id, status],
  );
}

/**
 * Runs `work` in a transaction that no other attempt at this row can run at the
 * same time. Undefined when the row is finished.
 */
export function whileWaiting<T>(
  pool: pg.Pool,
  id: number,
  work: (tx: Queryable) => Promise<T>,
): Promise<T | undefined> {
  return transaction(pool, async (tx) => {
    const { rowCount } = await tx.query(
      "select from slack_inbox where id = $1 and status = 'waiting' for update",
      [id],
    );
    return rowCount === 0 ? undefined : work(tx);
  });
}

/** How much waits: rows, the age of the oldest in seconds, and how many were given up. */
export interface InboxDepth {
  waiting: number;
  oldest: number;
  dead: number;
}

export async function depth(db: Queryable): Promise<InboxDepth> {
  const { rows } = await db.query<InboxDepth>(
    `select count(*) filter (where status = 'waiting') as waiting,
       coalesce(extract(epoch from now() - min(received_at) filter (where status = 'waiting')), 0)::float8 as oldest,
       count(*) filter (where status = 'dead') as dead
     from slack_inbox where status <> 'done'`,
  );
  return rows[0] ?? { waiting: 0, oldest: 0, dead: 0 };
}

/** Forgets what was finished longer ago than Slack may deliver it again. */
export async function purge(db: Queryable, keepDays: number): Promise<void> {
  await db.query(
    "delete from slack_inbox where status = 'done' and finished_at < now() - make_interval(days => $1)",
    [keepDays],
  );
}
