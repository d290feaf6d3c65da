/** From the engine's types to the contract's, in one place. */
import {
  type Approval as ApprovalMessage,
  ApprovalOptionKind,
  ApprovalState,
  EndKind as EndKindMessage,
  type Session as SessionMessage,
  SessionState,
  type ToolCall as ToolCallMessage,
  ToolStatus,
  type TurnEvent as TurnEventMessage,
  type Turn as TurnMessage,
  TurnState,
} from "@amp/proto";
import type { ToolCall } from "../agents/agent.js";
import type { TurnEvent } from "../sessions/events.js";
import type { Approval, EndKind, Session, Turn } from "../store/model.js";
import { FAILURE_STATUS } from "./errors.js";

const SESSION_STATES = { active: SessionState.ACTIVE, ended: SessionState.ENDED } as const;

const END_KINDS = { ended: EndKindMessage.ENDED, expired: EndKindMessage.EXPIRED } as const;

const TURN_STATES = {
  queued: TurnState.QUEUED,
  running: TurnState.RUNNING,
  completed: TurnState.COMPLETED,
  failed: TurnState.FAILED,
  cancelled: TurnState.CANCELLED,
  interrupted: TurnState.INTERRUPTED,
} as const;

const TOOL_STATES = {
  pending: ToolStatus.PENDING,
  in_progress: ToolStatus.IN_PROGRESS,
  completed: ToolStatus.COMPLETED,
  failed: ToolStatus.FAILED,
} as const;

const OPTION_KINDS = {
  allow_once: ApprovalOptionKind.ALLOW_ONCE,
  allow_always: ApprovalOptionKind.ALLOW_ALWAYS,
  reject_once: ApprovalOptionKind.REJECT_ONCE,
  reject_always: ApprovalOptionKind.REJECT_ALWAYS,
} as const;

export function sessionMessage(session: Session): SessionMessage {
  const { state, endKind } = session;
  return { ...session, state: SESSION_STATES[state], endKind: endKindMessage(endKind) };
}

export function endKindMessage(kind: EndKind | undefined): EndKindMessage {
  return kind ? END_KINDS[kind] : EndKindMessage.UNSPECIFIED;
}

export function turnMessage(turn: Turn): TurnMessage {
  const { failure } = turn;
  return {
    ...turn,
    state: TURN_STATES[turn.state],
    toolCalls: turn.toolCalls.map(toolCallMessage),
    approvals: turn.approvals.map((approval) => approvalMessage(approval, turn.finishedAt)),
    failure: failure && { code: FAILURE_STATUS[failure.kind], message: failure.message },
  };
}

/** @param finishedAt when its turn ended, if it has: what nobody answered until then has expired. */
export function approvalMessage(
  { options, decision, ...rest }: Approval,
  finishedAt?: Date,
): ApprovalMessage {
  const left = finishedAt ? ApprovalState.EXPIRED : ApprovalState.PENDING;
  return {
    ...rest,
    options: options.map(({ id, label, kind }) => ({
      optionId: id,
      label,
      kind: OPTION_KINDS[kind],
    })),
    state: decision ? ApprovalState.DECIDED : left,
    optionId: decision?.optionId ?? "",
    decidedBy: decision?.by,
    resolvedAt: decision?.at ?? finishedAt,
  };
}

export function turnEventMessage(told: TurnEvent): TurnEventMessage {
  return { seq: told.seq, event: eventOf(told) };
}

function eventOf(told: TurnEvent): NonNullable<TurnEventMessage["event"]> {
  switch (told.type) {
    case "text":
      return { $case: "textDelta", value: { text: told.text } };
    case "thought":
      return { $case: "thoughtDelta", value: { text: told.text } };
    case "tool":
      return { $case: "toolCall", value: toolCallMessage(told.call) };
    case "asked":
      return { $case: "approvalRequested", value: approvalMessage(told.approval) };
    case "answered":
      return { $case: "approvalResolved", value: approvalMessage(told.approval) };
    default:
      return { $case: told.type, value: turnMessage(told.turn) };
  }
}

function toolCallMessage({ id, status, ...rest }: ToolCall): ToolCallMessage {
  return { toolCallId: id, status: TOOL_STATES[status], ...rest };
}
