import type { Queryable } from "@amp/postgres";
import type { PastTurn, ToolCall, Usage } from "../agents/agent.js";
import { APPROVALS, type ApprovalJson, toApproval } from "./approvals.js";
import type { Author, Claim, Failure, FinalState, Turn } from "./model.js";
import { CLAIM_COLUMNS, type ClaimRow, MAY_OWN, OWN, SEEN, toClaim } from "./ownership.js";

const COLUMNS = `t.session_id, t.seq, t.request_id, t.message, t.author_surface, t.author_user,
  t.author_display_name, t.state, t.reply, t.thought, t.tool_calls, t.failure, t.usage,
  t.created_at, t.begun_at is not null as begun, t.finished_at, ${APPROVALS}`;

/** Owns, checks, numbers and inserts, in one statement and so in one commit. */
const ACCEPT = `
  with ${SEEN}, accepted as (
    update sessions s
    set ${OWN}, turn_count = s.turn_count + 1, open_turns = s.open_turns + 1, last_active_at = now()
    from seen where ${MAY_OWN} and s.open_turns < $3
    returning ${CLAIM_COLUMNS}, s.turn_count
  ), t as (
    insert into turns (session_id, seq, request_id, message,
      author_surface, author_user, author_display_name, begun_at)
    select session_id, turn_count, $4, $5, $6, $7, $8, null from accepted returning *
  )
  select ${COLUMNS}, s.epoch, s.agent, s.working_dir, s.description, s.open_turns
  from t, accepted s`;

/** Session $1, while replica $3 owns it with epoch $4. Locked before its turns, as everybody does. */
const OWNED = `owned as materialized (
    select session_id from sessions
    where session_id = $1 and owner = $3 and epoch = $4 and state = 'active' for update
  )`;

const BEGIN = `
  with ${OWNED}
  update turns t set begun_at = now()
  from owned where t.session_id = owned.session_id and t.seq = $2 and t.state = 'open'`;

/** Counts only what it finished: two writers of one turn cannot both count it. */
const FINISH = `
  with ${OWNED}, finished as (
    update turns t
    set state = $5, reply = $6, thought = $7, tool_calls = $8, failure = $9, usage = $10,
      finished_at = now()
    from owned where t.session_id = owned.session_id and t.seq = $2 and t.state = 'open'
    returning ${COLUMNS}
  ), counted as (
    update sessions s set open_turns = s.open_turns - 1, last_active_at = now()
    from finished where s.session_id = finished.session_id
  )
  select * from finished`;

const FIND = `select ${COLUMNS} from turns t where session_id = $1 and seq = $2`;

const BY_REQUEST = `select ${COLUMNS} from turns t where session_id = $1 and request_id = $2`;

const OPEN = `select ${COLUMNS} from turns t where session_id = $1 and state = 'open' order by seq`;

const RUNNING = "select min(seq) as seq from turns where session_id = $1 and state = 'open'";

const page = (compare: "<" | ">", order: "asc" | "desc") => `
  select ${COLUMNS}, t.seq = (${RUNNING}) as running
  from turns t
  where session_id = $1 and ($2::bigint is null or seq ${compare} $2)
  order by seq ${order} limit $3`;
const OLDEST_FIRST = page(">", "asc");
const NEWEST_FIRST = page("<", "desc");

const HISTORY = `
  select message, reply from turns where session_id = $1 and state = 'completed'
  order by seq desc limit $2`;

interface TurnRow {
  session_id: string;
  seq: number;
  request_id: string;
  message: string;
  author_surface: string | null;
  author_user: string | null;
  author_display_name: string | null;
  state: "open" | FinalState;
  /** Only where it was asked for. */
  running?: boolean;
  reply: string;
  thought: string;
  tool_calls: ToolCall[];
  failure: Failure | null;
  usage: Usage | null;
  created_at: Date;
  begun: boolean;
  finished_at: Date | null;
  approvals: ApprovalJson[];
}

function toTurn(row: TurnRow): Turn {
  return {
    sessionId: row.session_id,
    seq: row.seq,
    requestId: row.request_id,
    message: row.message,
    author:
      row.author_surface === null
        ? undefined
        : {
            surface: row.author_surface,
            user: row.author_user ?? "",
            displayName: row.author_display_name ?? "",
          },
    state: row.state !== "open" ? row.state : row.running ? "running" : "queued",
    reply: row.reply,
    thought: row.thought,
    toolCalls: row.tool_calls,
    approvals: row.approvals.map(toApproval),
    failure: row.failure ?? undefined,
    usage: row.usage ?? undefined,
    createdAt: row.created_at,
    begun: row.begun,
    finishedAt: row.finished_at ?? undefined,
  };
}

/** A message on its way into a session. */
export interface NewTurn {
  sessionId: string;
  requestId: string;
  message: string;
  author: Author | undefined;
}

/**
 * Accepts a turn for replica `replicaId`, which thereby takes or keeps the session.
 * @returns undefined when the session is not there, not active, full (`limit` open
 * turns), owned elsewhere, or when the replica's own lease is over.
 * @throws a violation of the unique index `turns_request` when the request is known.
 */
export async function acceptTurn(
  db: Queryable,
  replicaId: string,
  turn: NewTurn,
  limit: number,
): Promise<{ turn: Turn; claim: Claim } | undefined> {
  const { rows } = await db.query<TurnRow & ClaimRow>(ACCEPT, [
    turn.sessionId,
    replicaId,
    limit,
    turn.requestId,
    turn.message,
    turn.author?.surface,
    turn.author?.user,
    turn.author?.displayName,
  ]);
  return rows[0] && { turn: toTurn(rows[0]), claim: toClaim(rows[0]) };
}

/** Stores that an open turn is begun. @returns whether it is open and the replica still the owner. */
export async function beginTurn(
  db: Queryable,
  replicaId: string,
  { sessionId, epoch }: Pick<Claim, "sessionId" | "epoch">,
  seq: number,
): Promise<boolean> {
  return (await db.query(BEGIN, [sessionId, seq, replicaId, epoch])).rowCount === 1;
}

/** How a turn ended. */
export interface TurnEnd {
  sessionId: string;
  seq: number;
  state: FinalState;
  reply: string;
  thought: string;
  toolCalls: ToolCall[];
  failure: Failure | undefined;
  usage: Usage | undefined;
}

/** Stores the end of an open turn; undefined when it is not open or the owner was replaced. */
export async function finishTurn(
  db: Queryable,
  replicaId: string,
  epoch: number,
  end: TurnEnd,
): Promise<Turn | undefined> {
  const { rows } = await db.query<TurnRow>(FINISH, [
    end.sessionId,
    end.seq,
    replicaId,
    epoch,
    end.state,
    end.reply,
    end.thought,
    JSON.stringify(end.toolCalls),
    end.failure,
    end.usage,
  ]);
  const turn = rows[0] && toTurn(rows[0]);
  const answered = turn?.approvals.every(({ decision }) => decision);
  // The statement may not have seen an answer that it waited for.
  return answered ? turn : turn && findTurn(db, turn.sessionId, turn.seq);
}

/** One turn by its place. */
export async function findTurn(
  db: Queryable,
  sessionId: string,
  seq: number,
): Promise<Turn | undefined> {
  const { rows } = await db.query<TurnRow>(FIND, [sessionId, seq]);
  return rows[0] && toTurn(rows[0]);
}

/** One turn by the request that it was accepted under. */
export async function findTurnByRequest(
  db: Queryable,
  sessionId: string,
  requestId: string,
): Promise<Turn | undefined> {
  const { rows } = await db.query<TurnRow>(BY_REQUEST, [sessionId, requestId]);
  return rows[0] && toTurn(rows[0]);
}

/** The open turns of a session, in order. */
export async function openTurns(db: Queryable, sessionId: string): Promise<Turn[]> {
  const { rows } = await db.query<TurnRow>(OPEN, [sessionId]);
  return rows.map(toTurn);
}

/** The place of the turn that runs, unless its owner is yet to begin it; undefined when none is open. */
export async function findRunning(db: Queryable, sessionId: string): Promise<number | undefined> {
  const { rows } = await db.query<{ seq: number | null }>(RUNNING, [sessionId]);
  return rows[0]?.seq ?? undefined;
}

/** A part of the transcript: `limit` turns after (newest first: before) `after`. */
export async function listTurns(
  db: Queryable,
  sessionId: string,
  options: { after: number | undefined; limit: number; newestFirst: boolean },
): Promise<Turn[]> {
  const sql = options.newestFirst ? NEWEST_FIRST : OLDEST_FIRST;
  const { rows } = await db.query<TurnRow>(sql, [sessionId, options.after, options.limit]);
  return rows.map(toTurn);
}

/** The completed turns, or so many of the newest, oldest first. */
export async function history(
  db: Queryable,
  sessionId: string,
  newest?: number,
): Promise<PastTurn[]> {
  const { rows } = await db.query<PastTurn>(HISTORY, [sessionId, newest]);
  return rows.reverse();
}
