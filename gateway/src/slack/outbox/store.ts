import type { Queryable } from "@amp/postgres";
import type { ChannelId, Ts } from "../keys.js";
import type { SlackText } from "../text/message.js";

/** A reply to be stored. */
export interface Draft {
  channel: ChannelId;
  /** Null: in the channel itself. */
  thread: Ts | null;
  message: SlackText;
  /** Takes the message when the app cannot write to the channel. */
  responseUrl?: string | undefined;
  /** The mapping that this message tells of: a reserved one becomes active in its thread, and where it cannot be posted, there is none. */
  mapping?: number | undefined;
}

/**
 * A stored reply: new -> sending -> sent, or refused by Slack for good. Found
 * in `sending`, it may have been posted or not.
 */
export interface Reply extends Omit<Draft, "responseUrl" | "mapping"> {
  id: string;
  inboxId: number;
  responseUrl: string | null;
  mapping: number | null;
  state: "new" | "sending" | "sent" | "refused";
  /** Whether nobody saw how the last try ended. */
  inFlight: boolean;
  /** When the last try began, in milliseconds since the epoch by the database's clock, and how long ago that is. */
  triedAt: number;
  sinceTry: number;
}

/** Whether the row's replies are decided. */
export async function isDecided(db: Queryable, inboxId: number): Promise<boolean> {
  const { rowCount } = await db.query("select from slack_outbox where inbox_id = $1 limit 1", [
    inboxId,
  ]);
  return rowCount !== 0;
}

/** Stores the replies to a row, in their order. */
export async function insertReplies(
  db: Queryable,
  inboxId: number,
  drafts: Draft[],
): Promise<void> {
  for (const [part, draft] of drafts.entries()) {
    await db.query(
      `insert into slack_outbox (inbox_id, part, channel_id, thread_ts, message, response_url, mapping_id)
       values ($1, $2, $3, $4, $5, $6, $7)`,
      [
        inboxId,
        part,
        draft.channel,
        draft.thread,
        JSON.stringify(draft.message),
        draft.responseUrl ?? null,
        draft.mapping ?? null,
      ],
    );
  }
}

/** The replies to a row that are still to be sent, in their order. */
export async function unsentReplies(db: Queryable, inboxId: number): Promise<Reply[]> {
  const { rows } = await db.query<Reply>(
    `select id, inbox_id as "inboxId", channel_id as channel, thread_ts as thread, message,
       response_url as "responseUrl", mapping_id as mapping, state,
       in_flight as "inFlight",
       coalesce(extract(epoch from tried_at) * 1000, 0)::float8 as "triedAt",
       coalesce(extract(epoch from now() - tried_at) * 1000, 0)::float8 as "sinceTry"
     from slack_outbox where inbox_id = $1 and state in ('new', 'sending') order by part`,
    [inboxId],
  );
  return rows;
}

/** From here on the reply may have been posted. */
export async function markSending(db: Queryable, id: string): Promise<void> {
  await db.query(
    `update slack_outbox set state = 'sending', tried_at = now(), in_flight = true
     where id = $1 and state in ('new', 'sending')`,
    [id],
  );
}

/** The try is over, and nobody knows whether Slack posted it. */
export async function markOver(db: Queryable, id: string): Promise<void> {
  await db.query("update slack_outbox set in_flight = false where id = $1 and state = 'sending'", [
    id,
  ]);
}

/** Slack said that it did not post it. */
export async function markUnsent(db: Queryable, id: string): Promise<void> {
  await db.query("update slack_outbox set state = 'new' where id = $1 and state = 'sending'", [id]);
}

export async function markRefused(db: Queryable, id: string): Promise<void> {
  await db.query("update slack_outbox set state = 'refused' where id = $1", [id]);
}

/** The reply is posted as `ts`. */
export async function markSent(db: Queryable, id: string, ts: Ts | null): Promise<void> {
  await db.query("update slack_outbox set state = 'sent', ts = $2 where id = $1", [id, ts]);
}

/** Whether a message that begins a session's thread may just have become visible in the channel, and its mapping not yet. */
export async function isThreadBeginning(db: Queryable, channel: ChannelId): Promise<boolean> {
  const { rowCount } = await db.query(
    `select from slack_outbox
     where channel_id = $1 and thread_ts is null and mapping_id is not null and state = 'sending'
       and tried_at > now() - interval '1 minute' limit 1`,
    [channel],
  );
  return rowCount !== 0;
}
