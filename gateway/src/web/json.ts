/** Between the domain and the API's JSON, in both directions of time: all field names of the API stand here. */
import {
  type Session,
  SessionState,
  type ToolCall,
  ToolStatus,
  type Turn,
  type TurnEvent,
  TurnState,
} from "../backend/index.js";
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
    author: turn.author
      ? {
          surface: turn.author.surface,
          user: turn.author.user,
          display_name: turn.author.displayName,
        }
      : null,
    state: TURN_STATES[turn.state],
    reply: turn.reply,
    thought: turn.thought,
    tool_calls: turn.toolCalls.map(toolCallJson),
    failure: turn.failure ? { code: turn.failure.code, message: turn.failure.message } : null,
    usage: turn.usage
      ? { input_tokens: turn.usage.inputTokens, output_tokens: turn.usage.outputTokens }
      : null,
    created_at: time(turn.createdAt),
    finished_at: time(turn.finishedAt),
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
    default:
      return undefined;
  }
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

function time(date: Date | undefined): string | null {
  return date?.toISOString() ?? null;
}
