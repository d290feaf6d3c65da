import type { Queryable } from "@amp/postgres";
import type { ChannelId, TeamId, UserId } from "../keys.js";
import type { Mapping } from "./store.js";

/** Where these sessions were begun in Slack, and by whom; others are left out. */
export async function begunAt(
  db: Queryable,
  sessionIds: string[],
): Promise<Map<string, { team: TeamId; channel: ChannelId; creator: UserId }>> {
  const { rows } = await db.query<Pick<Mapping, "sessionId" | "team" | "channel" | "createdBy">>(
    `select session_id as "sessionId", team_id as team, channel_id as channel,
       created_by as "createdBy" from slack_mappings
     where session_id = any($1) and begun and state <> 'reserved' order by id desc`,
    [sessionIds],
  );
  return new Map(
    rows.map(({ sessionId, team, channel, createdBy }) => [
      sessionId,
      { team, channel, creator: createdBy },
    ]),
  );
}

/** Who began or entered the session from the workspace, or wrote a turn in it, in that order. */
export async function involvedIn(
  db: Queryable,
  team: TeamId,
  sessionId: string,
): Promise<UserId[]> {
  const { rows } = await db.query<{ createdBy: UserId; writers: UserId[] }>(
    `select created_by as "createdBy", writers from slack_mappings
     where session_id = $2 and team_id = $1 and state <> 'reserved' order by begun desc, id`,
    [team, sessionId],
  );
  const users = [...rows.map(({ createdBy }) => createdBy), ...rows.flatMap((row) => row.writers)];
  return [...new Set(users)];
}

/** Notes who writes a turn. */
export async function addWriter(db: Queryable, id: number, user: UserId): Promise<void> {
  await db.query(
    `update slack_mappings set writers = writers || $2::text
     where id = $1 and not $2 = any(writers)`,
    [id, user],
  );
}
