import { type Queryable, storable, transaction } from "@amp/postgres";
import type pg from "pg";
import { againDedupeKey, isConversationLane, type Place, placeKey } from "../keys.js";

/** The channel on which a new row is announced. */
export const INBOX_CHANNEL = "slack_inbox";

/**
 * What a row is: something that Slack delivered, or a row of our own. The door
 * stores deliveries only, whatever their body says.
 */
export type RowKind = (typeof KINDS)[number];
const KINDS = ["delivery", "amp_question", "amp_session_ended"] as const;

/** The shape of the parsed deliveries that this version stores. What it does not know, it leaves to a newer one. */
const DELIVERY_VERSION = 1;

/** A row to be stored. */
export interface NewRow {
  /** Rows of one key are one. */
  dedupeKey: string;
  lane: string;
  kind: RowKind;
  /** Plain JSON without characters that PostgreSQL refuses. Of a delivery, as it was parsed. */
  content: unknown;
  /** The body of a delivery, for gateways of the version before. */
  body?: unknown;
  /** Rows of one gesture are one, too. */
  gesture?: string | undefined;
  /** Stored only if the message's conversation has, had or may be about to get a session. */
  onlyIfOurs?: Place | undefined;
}

/** A row that waits. */
export interface InboxRow {
  id: number;
  lane: string;
  /** For calls to the backend: the same in every attempt. */
  requestId: string;
  /** Undefined: it was written by a newer version of the gateway, for itself. */
  kind: RowKind | undefined;
  /** What was stored; of a delivery that the version before stored, the body. */
  content: unknown;
  /** Whether a delivery is stored as it was parsed. */
  parsed: boolean;
  /** How many attempts failed. */
  attempts: number;
  /** How often the process that worked on it was gone within seconds. */
  crashes: number;
}

/**
 * The lane's row first: its lock makes the ids of a lane visible in their
 * order. Whoever claims meanwhile passes a locked lane by, so that it is
 * announced also when the row turns out to be there already. A lane that waits for its next attempt goes on waiting. Something
 * that waits in the conversation, or a reservation in its channel, may be about
 * to give it a session.
 */
const ENQUEUE = `
  with ours as (
    select where not exists (select from slack_inbox where dedupe_key = $1) and ($7::text is null
      or exists (select from slack_lanes where lane in ($2, $11))
      or exists (select from slack_mappings
        where team_id = $7 and channel_id = $8 and coalesce(thread_ts, '') = coalesce($9, ''))
      or exists (select from slack_mappings
        where team_id = $7 and channel_id = $8 and coalesce(thread_ts, '') = '' and state = 'reserved'))
  ), lane as (
    insert into slack_lanes (lane, quick) select $2, $10 from ours
    on conflict (lane) do update set next_at = slack_lanes.next_at, quick = excluded.quick
    returning lane
  ), stored as (
    insert into slack_inbox (dedupe_key, lane, kind, version, body, delivery, gesture)
    select $1, lane, $3, ${DELIVERY_VERSION}, $4, $5, $6 from lane
    on conflict do nothing
  )
  select pg_notify('${INBOX_CHANNEL}', '') from lane`;

/** Stores a row, unless it is there already, or is nothing of ours. */
export async function enqueue(db: Queryable, row: NewRow): Promise<void> {
  const { kind, content, lane, onlyIfOurs: place } = row;
  const delivery = kind === "delivery";
  await db.query(ENQUEUE, [
    row.dedupeKey,
    lane,
    kind,
    JSON.stringify((delivery ? row.body : content) ?? null),
    delivery ? JSON.stringify(content) : null,
    row.gesture ?? null,
    place?.team ?? null,
    place?.channel ?? null,
    place?.thread ?? null,
    !isConversationLane(lane),
    place ? placeKey(place) : lane,
  ]);
}

/** Stores a delivery once more, to be worked anew behind its lane; once, however often it is called. Returns whether it is still known. */
export async function enqueueAgain(db: Queryable, inboxId: number): Promise<boolean> {
  const { rows } = await db.query<{ lane: string; kind: RowKind; content: unknown; body: unknown }>(
    `select lane, coalesce(kind, 'delivery') as kind, delivery as content, body from slack_inbox
     where id = $1 and (kind = 'delivery' or kind is null)`,
    [inboxId],
  );
  const [old] = rows;
  if (old) await enqueue(db, { ...old, dedupeKey: againDedupeKey(inboxId) });
  return old !== undefined;
}

/** The oldest waiting row of a lane. */
export async function head(db: Queryable, lane: string): Promise<InboxRow | undefined> {
  const { rows } = await db.query<InboxRow>(
    `select id, lane, request_id as "requestId", attempts, crashes, delivery is not null as parsed,
       case when version > $2 then null
         when kind is not null then kind
         when dedupe_key like 'question:%' then 'amp_question'
         when dedupe_key like 'ended:%' then 'amp_session_ended'
         else 'delivery' end as kind,
       coalesce(delivery, body) as content
     from slack_inbox where lane = $1 and status = 'waiting' order by id limit 1`,
    [lane, DELIVERY_VERSION],
  );
  const [row] = rows;
  return row && { ...row, kind: KINDS.find((kind) => kind === row.kind) };
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

/** A row and the worker that has it at work. What a worker says of a row whose lane others took from it does not count. */
export interface AtWork {
  id: number;
  worker: number;
}

/** Whether the lane of the row, which is still to be worked, is the worker's. */
const IS_OURS = `status = 'waiting' and exists (
  select from slack_lanes where lane = slack_inbox.lane and owner = $2)`;

/** Notes how many attempts failed by now, and what the last one failed with. Returns whether that counts. */
export async function noteFailure(
  db: Queryable,
  { id, worker }: AtWork,
  attempts: number,
  error?: string,
): Promise<boolean> {
  const { rowCount } = await db.query(
    `update slack_inbox set attempts = $3, last_error = coalesce($4, last_error)
     where id = $1 and ${IS_OURS}`,
    [id, worker, attempts, error === undefined ? null : storable(error)],
  );
  return rowCount !== 0;
}

/**
 * Ends the work on a row; the dead are kept for an operator to look at, and so
 * is a row with a reply that Slack refused. Returns whether that counts: a row
 * is not done while a reply to it is still to be sent, whoever decided that.
 */
export async function finish(
  pool: pg.Pool,
  { id, worker }: AtWork,
  status: "done" | "dead",
): Promise<boolean> {
  // Nothing more is decided meanwhile, and what was decided before is seen.
  const finished = await whileWaiting(pool, id, async (tx) => {
    const { rowCount } = await tx.query(
      `update slack_inbox set finished_at = now(),
         status = case when refusal is null then $3 else 'dead' end,
         last_error = coalesce('Slack refused a reply: ' || refusal, last_error)
       from (
         select min(refusal) as refusal, count(*) filter (where state in ('new', 'sending')) as unsent
         from slack_outbox where inbox_id = $1
       ) as replies
       where id = $1 and ${IS_OURS} and ($3 = 'dead' or unsent = 0)`,
      [id, worker, status],
    );
    return rowCount !== 0;
  });
  return finished ?? false;
}

/** Keeps a row for as long as the mapping, whose conversation shows a button that needs it. */
export async function keepFor(db: Queryable, id: number, mapping: number): Promise<void> {
  await db.query("update slack_inbox set mapping_id = $2 where id = $1", [id, mapping]);
}

/** Deletes a row that turned out to be nothing for us. Returns whether that counts. */
export async function forget(db: Queryable, { id, worker }: AtWork): Promise<boolean> {
  const { rowCount } = await db.query(`delete from slack_inbox where id = $1 and ${IS_OURS}`, [
    id,
    worker,
  ]);
  return rowCount !== 0;
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
