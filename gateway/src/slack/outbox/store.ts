import type { Queryable } from "@amp/postgres";
import type { ChannelId, Ts, UserId } from "../keys.js";
import type { SlackText } from "../text/message.js";

/** A reply to be stored. */
export interface Draft {
  channel: ChannelId;
  /** Null: in the channel itself. */
  thread: Ts | null;
  message: SlackText;
  /** Set: nobody else sees it. It is not looked for after a lost answer, and may be seen twice. */
  only?: UserId | undefined;
  /** Takes the message when the app cannot write to the channel. */
  responseUrl?: string | undefined;
  /** The mapping that this message tells of: a reserved one becomes active in its thread, and where it cannot be posted, there is none. */
  mapping?: number | undefined;
  /** It tells of a failure: the message that it answers gets no check mark. */
  failed?: boolean | undefined;
  /** It says that its delivery was given up, and goes away when that is tried again. */
  gaveUp?: boolean | undefined;
}

/**
 * A stored reply: new -> sending -> sent, or refused by Slack for good. Found
 * in `sending`, it may have been posted or not.
 */
export interface Reply extends Omit<Draft, "responseUrl" | "mapping" | "gaveUp" | "only"> {
  id: string;
  part: number;
  inboxId: number;
  responseUrl: string | null;
  only: UserId | null;
  mapping: number | null;
  state: "new" | "sending" | "sent" | "refused";
  /** Whether nobody saw how the last try ended. */
  inFlight: boolean;
  /** Stands for the last try; null before the first. */
  mark: string | null;
  /** When the last try was over, or began if nobody saw its end, in milliseconds since the epoch by the database's clock, and how long ago that is. */
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

/** Stores the replies to a row, in their order, from this part on. */
export async function insertReplies(
  db: Queryable,
  inboxId: number,
  drafts: Draft[],
  first = 0,
): Promise<void> {
  for (const [index, draft] of drafts.entries()) {
    await db.query(
      `insert into slack_outbox
         (inbox_id, part, channel_id, thread_ts, message, response_url, mapping_id, failed, gave_up,
          only_user)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
      [
        inboxId,
        first + index,
        draft.channel,
        draft.thread,
        JSON.stringify(draft.message),
        draft.responseUrl ?? null,
        draft.mapping ?? null,
        draft.failed ?? false,
        draft.gaveUp ?? false,
        draft.only ?? null,
      ],
    );
  }
}

/** The replies to a row that are still to be sent, in their order. */
export async function unsentReplies(db: Queryable, inboxId: number): Promise<Reply[]> {
  const { rows } = await db.query<Reply>(
    `select id, part, failed, inbox_id as "inboxId", channel_id as channel, thread_ts as thread, message,
       response_url as "responseUrl", mapping_id as mapping, state,
       only_user as only,
       in_flight as "inFlight",
       extract(epoch from tried_at)::text as mark,
       coalesce(extract(epoch from tried_at) * 1000, 0)::float8 as "triedAt",
       coalesce(extract(epoch from now() - tried_at) * 1000, 0)::float8 as "sinceTry"
     from slack_outbox where inbox_id = $1 and state in ('new', 'sending') order by part`,
    [inboxId],
  );
  return rows;
}

/** A try of a reply. */
type Try = Pick<Reply, "id" | "mark">;

/**
 * From here on the reply may have been posted. Returns the mark of the new try;
 * undefined when others tried it since it was read, or ended it.
 */
export async function markSending(
  db: Queryable,
  { id, state, mark }: Try & Pick<Reply, "state">,
): Promise<string | undefined> {
  const { rows } = await db.query<{ mark: string }>(
    `update slack_outbox set state = 'sending', tried_at = clock_timestamp(), in_flight = true
     where id = $1 and state = $2 and extract(epoch from tried_at)::text is not distinct from $3
     returning extract(epoch from tried_at)::text as mark`,
    [id, state, mark],
  );
  return rows[0]?.mark;
}

/** The try is over, and nobody knows whether Slack posted it. */
export async function markOver(db: Queryable, { id, mark }: Try): Promise<void> {
  await db.query(
    `update slack_outbox set in_flight = false, tried_at = clock_timestamp()
     where id = $1 and state = 'sending' and extract(epoch from tried_at)::text = $2`,
    [id, mark],
  );
}

/** Slack said in this try that it did not post it. Returns whether no other try began since. */
export async function markUnsent(db: Queryable, { id, mark }: Try): Promise<boolean> {
  const { rowCount } = await db.query(
    `update slack_outbox set state = 'new'
     where id = $1 and state = 'sending' and extract(epoch from tried_at)::text = $2`,
    [id, mark],
  );
  return rowCount !== 0;
}

/** The reply is given up. `refusal`: Slack's error, if it is of use to try it again. */
export async function markRefused(
  db: Queryable,
  id: string,
  refusal: string | null,
): Promise<void> {
  await db.query("update slack_outbox set state = 'refused', refusal = $2 where id = $1", [
    id,
    refusal,
  ]);
}

/** Whether a reply to the row was given up before. */
export async function hasRefused(db: Queryable, inboxId: number): Promise<boolean> {
  const { rowCount } = await db.query(
    "select from slack_outbox where inbox_id = $1 and refusal is not null limit 1",
    [inboxId],
  );
  return rowCount !== 0;
}

/** Where a post is. */
export interface Posted {
  ts: Ts;
  /** Undefined: where it was addressed to. */
  channel?: ChannelId | undefined;
}

/** The reply is posted; null where nobody can find it. */
export async function markSent(db: Queryable, id: string, posted: Posted | null): Promise<void> {
  await db.query(
    `update slack_outbox set state = 'sent', ts = $2, channel_id = coalesce($3, channel_id)
     where id = $1`,
    [id, posted?.ts ?? null, posted?.channel ?? null],
  );
}

/** Puts messages into the place of one that Slack did not post: the reply becomes the first of them. */
export async function replaceReply(
  tx: Queryable,
  { id, inboxId, part, channel, thread, responseUrl, failed, only }: Reply,
  [first, ...others]: SlackText[],
): Promise<void> {
  await tx.query("update slack_outbox set message = $2, state = 'new' where id = $1", [
    id,
    JSON.stringify(first),
  ]);
  // By way of negative numbers, as no two rows may have the same at any moment.
  await tx.query("update slack_outbox set part = -part - $3 where inbox_id = $1 and part > $2", [
    inboxId,
    part,
    others.length,
  ]);
  await tx.query("update slack_outbox set part = -part where inbox_id = $1 and part < 0", [
    inboxId,
  ]);
  const drafts = others.map((message) => ({
    channel,
    thread,
    message,
    only: only ?? undefined,
    failed,
    responseUrl: responseUrl ?? undefined,
  }));
  await insertReplies(tx, inboxId, drafts, part + 1);
}

/** Sends what is left of the row's replies to its author alone. */
export async function moveToAuthor(tx: Queryable, inboxId: number, author: UserId): Promise<void> {
  await tx.query(
    `update slack_outbox set channel_id = $2, thread_ts = null, only_user = null, failed = true
     where inbox_id = $1 and state = 'new'`,
    [inboxId, author],
  );
}

/** What became of the replies to a row: how many there are, and whether all are posted, and none of them is a failure. */
export async function repliesTo(
  db: Queryable,
  inboxId: number,
): Promise<{ count: number; shown: boolean }> {
  const { rows } = await db.query<{ count: number; shown: boolean }>(
    `select count(*)::integer as count,
       coalesce(bool_and(state = 'sent' and not failed), false) as shown
     from slack_outbox where inbox_id = $1`,
    [inboxId],
  );
  return rows[0] ?? { count: 0, shown: false };
}

/** How many replies were given up and are kept. */
export async function countRefused(db: Queryable): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    "select count(*)::integer as count from slack_outbox where refusal is not null",
  );
  return rows[0]?.count ?? 0;
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
