import type { ToolCall } from "../agents/agent.js";
import type { Approval, Session, Turn } from "../store/model.js";

/**
 * What happens in one turn: `queued` or `started` comes first and holds all that
 * was told so far; one of the last three is final and holds the stored turn.
 */
export type TurnEvent = { seq: number } & (
  | { type: "queued"; turn: Turn }
  | { type: "started"; turn: Turn }
  | { type: "text"; text: string }
  | { type: "thought"; text: string }
  | { type: "tool"; call: ToolCall }
  | { type: "asked"; approval: Approval }
  | { type: "answered"; approval: Approval }
  | { type: "completed"; turn: Turn }
  /** Failed, or interrupted by a crash. */
  | { type: "failed"; turn: Turn }
  | { type: "cancelled"; turn: Turn }
);

/** What happens in a session. Nothing comes after `ended`. */
export type SessionEvent = TurnEvent | { type: "ended"; session: Session };

/** How a session stands when somebody begins to watch it; then what happens. */
export type WatchEvent = SessionEvent | { type: "snapshot"; session: Session; openTurns: Turn[] };

/** The event that tells of a turn as it is stored. */
export function finalEvent(turn: Turn): TurnEvent {
  const { seq } = turn;
  if (turn.state === "completed") return { seq, type: "completed", turn };
  if (turn.state === "cancelled") return { seq, type: "cancelled", turn };
  return { seq, type: "failed", turn };
}
