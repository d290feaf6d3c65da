import type { Queryable } from "@amp/postgres";

/** Rows that one statement deletes. */
const BATCH = 500;

/**
 * Held by a batch, so that several gateways never delete at the same moment:
 * one that finds it taken has nothing to do.
 */
const GATE = `gate as materialized (
  select where pg_try_advisory_xact_lock(hashtextextended('amp_gateway.slack_purge', 0))
)`;

/** A turn cannot take longer: no setting can name a longer time. */
const LONGEST_TURN = "25 days";

/**
 * Deletes rows of the inbox that are done, with their replies, after so many
 * milliseconds. What an open question needs is kept until what became of it is
 * shown, and what a button needs, for as long as the mapping whose conversation
 * shows it. Returns how many were deleted.
 */
export async function purgeDone(db: Queryable, retention: number): Promise<number> {
  const { rowCount } = await db.query(
    `with ${GATE}, old as (
       select row.id from gate, slack_inbox as row
       where status = 'done' and finished_at < now() - make_interval(secs => $1)
         and mapping_id is null
         and (dedupe_key not like 'question:%:ask' or finished_at < now() - interval '${LONGEST_TURN}'
           or exists (select from slack_inbox as settled
             where settled.dedupe_key = left(row.dedupe_key, -length('ask')) || 'settle'
               and settled.status <> 'waiting'))
       order by finished_at limit ${BATCH} for update of row skip locked
     )
     delete from slack_inbox using old where slack_inbox.id = old.id`,
    [retention / 1_000],
  );
  return rowCount ?? 0;
}

/** Deletes rows that were given up, after so many milliseconds. */
export async function purgeDead(db: Queryable, retention: number): Promise<number> {
  const { rowCount } = await db.query(
    `with ${GATE}, old as (
       select row.id from gate, slack_inbox as row
       where status = 'dead' and finished_at < now() - make_interval(secs => $1)
       order by finished_at limit ${BATCH} for update of row skip locked
     )
     delete from slack_inbox using old where slack_inbox.id = old.id`,
    [retention / 1_000],
  );
  return rowCount ?? 0;
}

/** Deletes mappings that ended, after so many milliseconds; what was kept for them is not kept any more. */
export async function purgeMappings(db: Queryable, retention: number): Promise<number> {
  const { rowCount } = await db.query(
    `with ${GATE}, old as (
       select row.id from gate, slack_mappings as row
       where state = 'ended' and ended_at < now() - make_interval(secs => $1)
       order by ended_at limit ${BATCH} for update of row skip locked
     )
     delete from slack_mappings using old where slack_mappings.id = old.id`,
    [retention / 1_000],
  );
  return rowCount ?? 0;
}

/** Forgets who was told something once, after so many milliseconds; they are told again then. */
export async function purgeTold(db: Queryable, retention: number): Promise<number> {
  const { rowCount } = await db.query(
    `with ${GATE}, old as (
       select row.key from gate, slack_told as row
       where told_at < now() - make_interval(secs => $1)
       order by told_at limit ${BATCH} for update of row skip locked
     )
     delete from slack_told using old where slack_told.key = old.key`,
    [retention / 1_000],
  );
  return rowCount ?? 0;
}
