import type { Queryable } from "@amp/postgres";
import type { HistoryLimits, PastTurn, ToolCall, Usage } from "../agents/agent.js";
import { APPROVALS, type ApprovalJson, toApproval } from "./approvals.js";
import type { Author, Claim, Failure, FinalState, Turn } from "./model.js";
import { CLAIM_COLUMNS, type ClaimRow, MAY_OWN, OWN, SEEN, toClaim } from "./ownership.js";

const COLUMNS = `t.session_id, t.seq, t.request_id, t.message, t.author_surface, t.author_user,
  t.author_display_name, t.state, t.reply, t.thought, t.tool_calls, t.failure, t.usage,
  t.created_at, t.begun_at is not null as begun, t.runs, t.finished_at, ${APPROVALS}`;

/**
 * Owns, checks, numbers and inserts, in one statement and so in one commit. A turn that
 * nothing waits before, of one of the agents $9, is begun by it, too.
 */
const ACCEPT = `
  with ${SEEN}, accepted as (
    update sessions s
    set ${OWN}, turn_count = s.turn_count + 1, open_turns = s.open_turns + 1, last_active_at = now()
    from seen where ${MAY_OWN} and s.open_turns < $3
    returning ${CLAIM_COLUMNS}, s.turn_count
  ), t as (
    insert into turns (session_id, seq, request_id, message,
      author_surface, author_user, author_display_name, begun_at, runs)
    select session_id, turn_count, $4, $5, $6, $7, $8, case when begins then now() end,
      begins::integer
    from (select *, open_turns = 1 and agent = any ($9) as begins from accepted) s
    returning *
  )
  select ${COLUMNS}, s.epoch, s.agent, s.working_dir, s.description, s.open_turns
  from t, accepted s`;

/** Session $1, while replica $3 owns it with epoch $4. Locked before its turns, as everybody does. */
const OWNED = `owned as materialized (
    select session_id from sessions
    where session_id = $1 and owner = $3 and epoch = $4 and state = 'active' for update
  )`;

/**
 * The run before counts as lost with its process, unless its turn waits for people: a
 * replica that is gone in the meantime was not brought down by it.
 */
const BEGIN = `
  with ${OWNED}
  update turns t
  set begun_at = coalesce(t.begun_at, now()),
    runs = t.runs + (t.runs = 0 or not exists (
      select from approvals a
      where a.session_id = t.session_id and a.seq = t.seq and a.decided_at is null))::integer
  from owned where t.session_id = owned.session_id and t.seq = $2 and t.state = 'open'
  returning t.runs, extract(epoch from now() - t.begun_at)::float * 1000 as ms`;

const GIVE_BACK = `
  update turns t set runs = greatest(t.runs - 1, 0)
  from unnest($1::text[], $2::integer[]) as given (session_id, seq)
  where t.session_id = given.session_id and t.seq = given.seq and t.state = 'open'`;

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

/** The bytes of turn `t` and its approvals, without reading its long texts. */
const SIZE = `octet_length(t.request_id) + octet_length(t.message) + octet_length(t.reply)
  + octet_length(t.thought) + octet_length(t.tool_calls::text)
  + coalesce(octet_length(t.failure::text), 0) + coalesce(octet_length(t.author_surface), 0)
  + coalesce(octet_length(t.author_user), 0) + coalesce(octet_length(t.author_display_name), 0)
  + (select coalesce(sum(octet_length(a.content) + octet_length(a.title)
      + octet_length(a.options::text)), 0)
    from approvals a where a.session_id = t.session_id and a.seq = t.seq)`;

/**
 * So many turns, but no more than fit into $4 bytes; the first one always. Which fit is
 * found out before any long text is read. The place after the last one of $3 is read too,
 * to tell whether there is more.
 */
const page = (compare: "<" | ">", order: "asc" | "desc") => `
  with near as (
    select seq, ${SIZE} as bytes from turns t
    where session_id = $1 and ($2::bigint is null or seq ${compare} $2)
    order by seq ${order} limit $3 + 1
  ), sized as (
    select seq, sum(bytes) over (order by seq ${order}) as bytes,
      row_number() over (order by seq ${order}) as place, count(*) over () as near
    from near
  ), fitting as (
    select seq, near from sized where place <= $3 and (bytes <= $4 or place = 1)
  )
  select ${COLUMNS}, t.seq = (${RUNNING}) as running,
    f.near > (select count(*) from fitting) as more
  from fitting f join turns t on t.session_id = $1 and t.seq = f.seq
  order by t.seq ${order}`;
const OLDEST_FIRST = page(">", "asc");
const NEWEST_FIRST = page("<", "desc");

/** Sizes are read without the texts, so that those that do not fit are never read. */
const HISTORY = `
  select message, reply from (
    select seq, message, reply,
      sum(octet_length(message) + octet_length(reply)) over (order by seq desc) as size
    from (
      select seq, message, reply from turns where session_id = $1 and state = 'completed'
      order by seq desc limit $2) newest) sized
  where size <= $3 order by seq`;

const COMPLETED = `
  select count(*) as completed from turns where session_id = $1 and state = 'completed'`;

/** No character of a text in JavaScript, a unit of UTF-16, takes more bytes in UTF-8. */
const BYTES_A_CHARACTER = 3;

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
  more?: boolean;
  reply: string;
  thought: string;
  tool_calls: ToolCall[];
  failure: Failure | null;
  usage: Usage | null;
  created_at: Date;
  begun: boolean;
  runs: number;
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
    runs: row.runs,
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
 * @param beginning the agents whose turn is begun at once, if no other one waits or runs
 * @throws a violation of the unique index `turns_request` when the request is known.
 */
export async function acceptTurn(
  db: Queryable,
  replicaId: string,
  turn: NewTurn,
  { limit, beginning }: { limit: number; beginning: string[] },
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
    beginning,
  ]);
  return rows[0] && { turn: toTurn(rows[0]), claim: toClaim(rows[0]) };
}

/** A run of a turn that is begun. */
export interface Begun {
  /** How many there were, this one included; see `BEGIN` for what counts. */
  runs: number;
  /** Since the first one began, in milliseconds, by the database's clock. */
  ms: number;
}

/** Stores that a run of an open turn begins; undefined when it is not open or the owner was replaced. */
export async function beginTurn(
  db: Queryable,
  replicaId: string,
  { sessionId, epoch }: Pick<Claim, "sessionId" | "epoch">,
  seq: number,
): Promise<Begun | undefined> {
  return (await db.query<Begun>(BEGIN, [sessionId, seq, replicaId, epoch])).rows[0];
}

/** Which turn. */
export type TurnPlace = Pick<Turn, "sessionId" | "seq">;

/** One run less of each of these turns, as far as they are open. */
export async function giveBackRuns(db: Queryable, turns: TurnPlace[]): Promise<void> {
  const ids = turns.map(({ sessionId }) => sessionId);
  await db.query(GIVE_BACK, [ids, turns.map(({ seq }) => seq)]);
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

/** Which part of a transcript. */
export interface TurnPage {
  /** Begins after this turn (newest first: before it); undefined: at the beginning. */
  after: number | undefined;
  limit: number;
  /** What the turns may take together; one turn may take more. */
  bytes: number;
  newestFirst: boolean;
}

/** A part of the transcript, and whether there is more of it. */
export async function listTurns(
  db: Queryable,
  sessionId: string,
  { after, limit, bytes, newestFirst }: TurnPage,
): Promise<{ turns: Turn[]; more: boolean }> {
  const sql = newestFirst ? NEWEST_FIRST : OLDEST_FIRST;
  const { rows } = await db.query<TurnRow>(sql, [sessionId, after, limit, bytes]);
  return { turns: rows.map(toTurn), more: rows[0]?.more ?? false };
}

/** The newest completed turns that are within the limits, oldest first, without a gap. */
export async function history(
  db: Queryable,
  sessionId: string,
  { turns, characters }: HistoryLimits,
): Promise<PastTurn[]> {
  const bytes = characters * BYTES_A_CHARACTER;
  return (await db.query<PastTurn>(HISTORY, [sessionId, turns, bytes])).rows;
}

/** How many turns of a session were completed. */
export async function countCompleted(db: Queryable, sessionId: string): Promise<number> {
  const { rows } = await db.query<{ completed: number }>(COMPLETED, [sessionId]);
  return rows[0]?.completed ?? 0;
}
