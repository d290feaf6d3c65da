/** What the web chat's HTTP API speaks of; the field names are the API's own. Times are ISO 8601. */

/** One conversation with one agent. */
export interface Session {
  session_id: string;
  agent: string;
  project_id: string;
  working_dir: string;
  description: string;
  /** Where it was begun: "web", "slack". */
  surface: string;
  state: "active" | "ended";
  end_reason: string;
  created_at: string;
  last_active: string;
  ended_at: string | null;
}

/** A session in the list. */
export interface SessionEntry {
  session_id: string;
  description: string;
  created_at: string;
  last_active: string;
  is_active: boolean;
  project_id: string;
  state: "active" | "ended";
  surface: string;
}

/** A page of the list, the last active first. */
export interface SessionPage {
  sessions: SessionEntry[];
  /** Where the next page begins; absent when there is none. */
  next_cursor?: string;
}

export interface Author {
  surface: string;
  user: string;
  display_name: string;
}

/** One use of a tool by the agent. */
export interface ToolCall {
  /** Unique within the turn. */
  id: string;
  title: string;
  kind: string;
  status: "pending" | "in_progress" | "completed" | "failed";
  /** Markdown. */
  content: string;
}

/** A question of the agent: its turn waits for the answer. */
export interface Approval {
  /** Unique within the session. */
  approval_id: string;
  seq: number;
  /** The tool call that it is about; may be empty. */
  tool_call_id: string;
  title: string;
  /** Markdown. */
  content: string;
  options: ApprovalOption[];
  /** Expired when the turn ended before anybody answered. */
  state: "pending" | "decided" | "expired";
  /** The option that was chosen; empty unless decided. */
  option_id: string;
  decided_by: Author | null;
  requested_at: string;
  resolved_at: string | null;
}

/** An answer that the agent takes. */
export interface ApprovalOption {
  option_id: string;
  label: string;
  kind: "allow_once" | "allow_always" | "reject_once" | "reject_always";
}

/** One message and the agent's whole answer to it. All states but queued and running are final. */
export interface Turn {
  /** The place within the session, from 1. */
  seq: number;
  request_id: string;
  message: string;
  author: Author | null;
  state: "queued" | "running" | "completed" | "failed" | "cancelled" | "interrupted";
  /** Markdown, so far while it runs. */
  reply: string;
  thought: string;
  tool_calls: ToolCall[];
  /** In the order of asking; a gateway that is older than this page tells none. */
  approvals?: Approval[];
  failure: { code: number; message: string } | null;
  created_at: string;
  finished_at: string | null;
}

/** What was said to the user's notes; no agent heard of it. */
export interface Aside {
  request_id: string;
  message: string;
  /** Markdown. */
  response: string;
  memory_action: "remember" | "recall";
  created_at: string;
}

/** Something that the user asked to be remembered. */
export interface Note {
  id: string;
  timestamp: string;
  category: string;
  content: string;
  tags: string[];
}

/** How a session stands; everything known before is replaced by it. */
export interface Snapshot {
  session: Session | null;
  /** The newest, oldest first. */
  turns: Turn[];
  /** Absent of a gateway that is older than this page. */
  memories?: Aside[];
  /** Whether older turns can be fetched. */
  has_more: boolean;
}

/** One thing that happened in a turn. */
export type TurnEvent =
  | { seq: number; type: "queued" | "started" | "completed" | "failed" | "cancelled"; turn: Turn }
  | { seq: number; type: "text" | "thought"; text: string }
  | { seq: number; type: "tool"; call: ToolCall }
  | { seq: number; type: "approval"; approval: Approval };

/** What the event stream tells. */
export type ServerEvent =
  | { event: "snapshot"; data: Snapshot }
  | { event: "turn"; data: TurnEvent }
  | { event: "ended"; data: { session: Session } }
  | { event: "sessions"; data: SessionPage }
  | { event: "session"; data: { session: SessionEntry } }
  | { event: "trouble"; data: { message: string } };

/** Whether nothing more can happen in a turn. */
export function isFinal(turn: Turn): boolean {
  return turn.state !== "queued" && turn.state !== "running";
}

/** What a turn asks and nobody has answered yet. */
export function openQuestions({ approvals = [] }: Turn): Approval[] {
  return approvals.filter(({ state }) => state === "pending");
}
