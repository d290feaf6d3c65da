/** Between the domain and the API's JSON, in both directions of time: all field names of the API stand here. */
import {
  type Approval,
  ApprovalOptionKind,
  ApprovalState,
  type Author,
  type Session,
  SessionState,
  type ToolCall,
  ToolStatus,
  type Turn,
  type TurnEvent,
  TurnState,
} from "../backend/index.js";
import type { Aside } from "./store/asides.js";
import type { ListPage, Place } from "./store/lists.js";
import type { SessionMapping } from "./store/mappings.js";

/** A row of the session list. */
export function entryJson(mapping: SessionMapping) {
  return {
    session_id: mapping.session_id,
    description: mapping.description,
    created_at: mapping.created_at.toISOString(),
    last_active: mapping.last_active.toISOString(),
    is_active: mapping.is_active,
    project_id: mapping.project_id,
    state: mapping.state === "active" ? "active" : "ended",
    surface: "web",
  };
}

/** A page of the session list. */
export function pageJson({ entries, next }: ListPage) {
  return {
    sessions: entries.map(entryJson),
    ...(next && { next_cursor: `${next.microseconds}_${next.mappingId}` }),
  };
}

/** The place that a cursor names; undefined for a text that is none. */
export function placeFrom(cursor: string): Place | undefined {
  const [, microseconds, mappingId] = CURSOR.exec(cursor) ?? [];
  return microseconds && mappingId ? { microseconds, mappingId } : undefined;
}

const CURSOR = /^(\d{1,17})_([\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12})$/;

/** What is known of a session that the backend does not know any more. */
export function lostSessionJson(mapping: SessionMapping): SessionJson {
  return {
    session_id: mapping.session_id,
    agent: mapping.agent,
    project_id: mapping.project_id,
    working_dir: mapping.working_dir,
    description: mapping.description,
    surface: "web",
    state: "ended",
    end_reason: "",
    created_at: mapping.created_at.toISOString(),
    last_active: mapping.last_active.toISOString(),
    ended_at: null,
  };
}

export type SessionJson = ReturnType<typeof sessionJson>;

export function sessionJson(session: Session) {
  return {
    session_id: session.sessionId,
    agent: session.agent,
    project_id: session.project,
    working_dir: session.workingDir,
    description: session.description,
    surface: session.origin?.surface ?? "",
    state: session.state === SessionState.ENDED ? "ended" : "active",
    end_reason: session.endReason,
    created_at: time(session.createdAt),
    last_active: time(session.lastActiveAt),
    ended_at: time(session.endedAt),
  };
}

export function turnJson(turn: Turn) {
  return {
    seq: turn.seq,
    request_id: turn.requestId,
    message: turn.message,
    author: authorJson(turn.author),
    state: TURN_STATES[turn.state],
    reply: turn.reply,
    thought: turn.thought,
    tool_calls: turn.toolCalls.map(toolCallJson),
    approvals: turn.approvals.map(approvalJson),
    failure: turn.failure ? { code: turn.failure.code, message: turn.failure.message } : null,
    usage: turn.usage
      ? { input_tokens: turn.usage.inputTokens, output_tokens: turn.usage.outputTokens }
      : null,
    created_at: time(turn.createdAt),
    finished_at: time(turn.finishedAt),
  };
}

/** What was said to the notes. */
export function asideJson({ request_id, message, response, action, created_at }: Aside) {
  return {
    request_id,
    message,
    response,
    memory_action: action,
    created_at: created_at.toISOString(),
  };
}

/** An event of the stream's `turn` kind; undefined for one that this gateway does not know. */
export function turnEventJson({ seq, event }: TurnEvent) {
  switch (event?.$case) {
    case "queued":
    case "started":
    case "completed":
    case "failed":
    case "cancelled":
      return { seq, type: event.$case, turn: turnJson(event.value) };
    case "textDelta":
      return { seq, type: "text", text: event.value.text };
    case "thoughtDelta":
      return { seq, type: "thought", text: event.value.text };
    case "toolCall":
      return { seq, type: "tool", call: toolCallJson(event.value) };
    case "approvalRequested":
    case "approvalResolved":
      return { seq, type: "approval", approval: approvalJson(event.value) };
    default:
      return undefined;
  }
}

export function approvalJson(approval: Approval) {
  return {
    approval_id: approval.approvalId,
    seq: approval.seq,
    tool_call_id: approval.toolCallId,
    title: approval.title,
    content: approval.content,
    options: approval.options.map(({ optionId, label, kind }) => ({
      option_id: optionId,
      label,
      kind: OPTION_KINDS[kind],
    })),
    state: APPROVAL_STATES[approval.state],
    option_id: approval.optionId,
    decided_by: authorJson(approval.decidedBy),
    requested_at: time(approval.requestedAt),
    resolved_at: time(approval.resolvedAt),
  };
}

function authorJson(author: Author | undefined) {
  if (!author) return null;
  return { surface: author.surface, user: author.user, display_name: author.displayName };
}

function toolCallJson(call: ToolCall) {
  return {
    id: call.toolCallId,
    title: call.title,
    kind: call.kind,
    status: TOOL_STATUSES[call.status],
    content: call.content,
  };
}

const TURN_STATES: Record<TurnState, string> = {
  [TurnState.UNSPECIFIED]: "queued",
  [TurnState.QUEUED]: "queued",
  [TurnState.RUNNING]: "running",
  [TurnState.COMPLETED]: "completed",
  [TurnState.FAILED]: "failed",
  [TurnState.CANCELLED]: "cancelled",
  [TurnState.INTERRUPTED]: "interrupted",
};

const TOOL_STATUSES: Record<ToolStatus, string> = {
  [ToolStatus.UNSPECIFIED]: "pending",
  [ToolStatus.PENDING]: "pending",
  [ToolStatus.IN_PROGRESS]: "in_progress",
  [ToolStatus.COMPLETED]: "completed",
  [ToolStatus.FAILED]: "failed",
};

const APPROVAL_STATES: Record<ApprovalState, string> = {
  [ApprovalState.UNSPECIFIED]: "pending",
  [ApprovalState.PENDING]: "pending",
  [ApprovalState.DECIDED]: "decided",
  [ApprovalState.EXPIRED]: "expired",
};

const OPTION_KINDS: Record<ApprovalOptionKind, string> = {
  // To take it for an allowing one would be the worse mistake.
  [ApprovalOptionKind.UNSPECIFIED]: "reject_once",
  [ApprovalOptionKind.ALLOW_ONCE]: "allow_once",
  [ApprovalOptionKind.ALLOW_ALWAYS]: "allow_always",
  [ApprovalOptionKind.REJECT_ONCE]: "reject_once",
  [ApprovalOptionKind.REJECT_ALWAYS]: "reject_always",
};

function time(date: Date | undefined): string | null {
  return date?.toISOString() ?? null;
}
