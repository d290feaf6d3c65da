import type { Queryable } from "@amp/postgres";
import type { ApprovalOption } from "../agents/agent.js";
import type { Approval, Author, Claim } from "./model.js";

/** The approvals of turn `t`, in the order of asking. */
export const APPROVALS = `coalesce((
  select jsonb_agg(to_jsonb(a) order by a.requested_at, a.approval_id)
  from approvals a where a.session_id = t.session_id and a.seq = t.seq), '[]') as approvals`;

/** Session $1, while replica $2 owns it with epoch $3. Locked before its turns, as everybody does. */
const OWNED = `owned as materialized (
  select session_id from sessions
  where session_id = $1 and owner = $2 and epoch = $3 and state = 'active' for update)`;

/** The lock on the turn, too: a lock is taken on a row as it is now, and so never on a turn that is over. */
const openTurn = (seq: string) => `open as materialized (
  select t.session_id, t.seq from turns t, owned
  where t.session_id = owned.session_id and t.seq = ${seq} and t.state = 'open' for update of t)`;

const ASK = `
  with ${OWNED}, ${openTurn("$5")}
  insert into approvals as a (session_id, approval_id, seq, tool_call_id, title, content, options)
  select session_id, $4, seq, $6, $7, $8, $9 from open
  on conflict (session_id, approval_id) do nothing
  returning to_jsonb(a) as approval`;

const DECIDE = `
  with ${OWNED}, ${openTurn("(select seq from approvals where session_id = $1 and approval_id = $4)")}
  update approvals a
  set option_id = $5, decided_surface = $6, decided_user = $7, decided_display_name = $8,
    decided_at = now()
  from open
  where a.session_id = open.session_id and a.approval_id = $4 and a.seq = open.seq
    and a.decided_at is null
  returning to_jsonb(a) as approval`;

const FIND = `
  select to_jsonb(a) as approval, t.state = 'open' as open
  from approvals a join turns t on t.session_id = a.session_id and t.seq = a.seq
  where a.session_id = $1 and a.approval_id = $2`;

/** A row as JSON. */
export interface ApprovalJson {
  approval_id: string;
  seq: number;
  tool_call_id: string;
  title: string;
  content: string;
  options: ApprovalOption[];
  requested_at: string;
  option_id: string | null;
  decided_surface: string | null;
  decided_user: string | null;
  decided_display_name: string | null;
  decided_at: string | null;
}

export function toApproval(row: ApprovalJson): Approval {
  const { option_id: optionId, decided_surface: surface, decided_at: at } = row;
  return {
    approvalId: row.approval_id,
    seq: row.seq,
    toolCallId: row.tool_call_id,
    title: row.title,
    content: row.content,
    options: row.options,
    requestedAt: new Date(row.requested_at),
    decision:
      optionId === null || at === null
        ? undefined
        : {
            optionId,
            by:
              surface === null
                ? undefined
                : {
                    surface,
                    user: row.decided_user ?? "",
                    displayName: row.decided_display_name ?? "",
                  },
            at: new Date(at),
          },
  };
}

/** In whose name a replica writes: what it was told when it became the owner. */
export type Ownership = Pick<Claim, "sessionId" | "epoch">;

/** A question that is to be stored. */
export type NewApproval = Omit<Approval, "requestedAt" | "decision">;

/**
 * Stores a question, unless its turn asked it before.
 * @returns how it stands; undefined when the turn is over or the replica is not the owner any more.
 */
export async function askApproval(
  db: Queryable,
  replicaId: string,
  { sessionId, epoch }: Ownership,
  asked: NewApproval,
): Promise<Approval | undefined> {
  const { approvalId, seq, toolCallId, title, content, options } = asked;
  const { rows } = await db.query<{ approval: ApprovalJson }>(ASK, [
    sessionId,
    replicaId,
    epoch,
    approvalId,
    seq,
    toolCallId,
    title,
    content,
    JSON.stringify(options),
  ]);
  if (rows[0]) return toApproval(rows[0].approval);
  return (await findApproval(db, sessionId, approvalId))?.approval;
}

/** Somebody's answer to a question. */
export interface Answer {
  approvalId: string;
  optionId: string;
  by: Author | undefined;
}

/** Stores an answer, if it is the first and somebody waits for it. @returns undefined otherwise, and when the replica is not the owner any more. */
export async function decideApproval(
  db: Queryable,
  replicaId: string,
  { sessionId, epoch }: Ownership,
  { approvalId, optionId, by }: Answer,
): Promise<Approval | undefined> {
  const { rows } = await db.query<{ approval: ApprovalJson }>(DECIDE, [
    sessionId,
    replicaId,
    epoch,
    approvalId,
    optionId,
    by?.surface,
    by?.user,
    by?.displayName,
  ]);
  return rows[0] && toApproval(rows[0].approval);
}

/** A question, and whether its turn is open. */
export async function findApproval(
  db: Queryable,
  sessionId: string,
  approvalId: string,
): Promise<{ approval: Approval; open: boolean } | undefined> {
  const { rows } = await db.query<{ approval: ApprovalJson; open: boolean }>(FIND, [
    sessionId,
    approvalId,
  ]);
  return rows[0] && { approval: toApproval(rows[0].approval), open: rows[0].open };
}
