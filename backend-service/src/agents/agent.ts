/**
 * The port between the turn engine and whatever answers.
 *
 * The engine opens a session with an agent when it has a turn to run, prompts it
 * with one message at a time, and closes it when nothing waits. An agent keeps
 * nothing that a crash may not lose: it is opened again with the transcript.
 */

/** What answers messages: a model behind an endpoint, a program, or the built-in demo. */
export interface Agent {
  /** The name by which sessions choose it. */
  readonly name: string;
  /**
   * Whether a turn that a crash cut off, or that waits for people when its replica
   * shuts down, may simply be run again. False for an agent whose tools act on the
   * world: such a turn ends as interrupted.
   */
  readonly repeatable: boolean;
  /**
   * Gets ready for the turns of one session.
   * @throws AgentError when it cannot be had; the waiting turn then fails with it.
   */
  open(session: AgentContext, signal: AbortSignal): Promise<AgentSession>;
}

/** What an agent may know of the session that it is opened for. */
export interface AgentContext {
  sessionId: string;
  description: string;
  /**
   * The session's folder, absolute, looked at anew at each call.
   * @throws AgentError when it is not there or not allowed any more.
   */
  workingDir(): Promise<string>;
  /**
   * The newest completed turns that are within the limits, oldest first and without a
   * gap, read from the store at each call. Waits while other sessions' histories fill
   * the memory that there is for them.
   * @throws when the store is away until the turn is over.
   */
  history(limits: HistoryLimits): Promise<PastTurn[]>;
  /** How many turns were completed so far. @throws as `history` does */
  completedTurns(): Promise<number>;
}

/** How much of the past an agent wants to know. */
export interface HistoryLimits {
  /** At most so many turns. */
  turns: number;
  /**
   * Turns that have more characters than this together are left out, the oldest first.
   * An upper bound: of text beyond ASCII somewhat more may come.
   */
  characters: number;
}

/** A completed turn. */
export interface PastTurn {
  message: string;
  reply: string;
}

/** An agent at work for one session. Prompted one message at a time. */
export interface AgentSession {
  /**
   * Answers one message. The turn is complete when the iteration ends.
   * @param signal aborted when the turn is cancelled or out of time; the agent
   * then stops within moments, by throwing or by ending.
   * @param ask for what somebody has to decide before the agent goes on.
   * @throws AgentError when the turn fails.
   */
  prompt(message: string, signal: AbortSignal, ask: Ask): AsyncIterable<AgentEvent>;
  /** Lets go of everything. Called once; never while a prompt runs. */
  close(): Promise<void>;
}

/**
 * Asks people, and waits until somebody answers.
 * @returns the id of the option that was chosen.
 * @throws the reason of the prompt's signal, and AgentError for a question that
 * cannot be answered.
 */
export type Ask = (question: Question) => Promise<string>;

/** Something that only people can decide. */
export interface Question {
  /**
   * Unique within the turn. A turn that is run again is not asked anew what it
   * asked before in the same words under the same id.
   */
  id: string;
  /** The tool call that it is about; empty if none. */
  toolCallId: string;
  /** What the agent wants to do, for people, in one line. */
  title: string;
  /** More on that, as Markdown. */
  content: string;
  /** At least one, with ids of at most 200 characters. */
  options: ApprovalOption[];
}

/** An answer to choose. */
export interface ApprovalOption {
  /** Unique within the question. */
  id: string;
  /** What it says, for people. */
  label: string;
  kind: "allow_once" | "allow_always" | "reject_once" | "reject_always";
}

/** One step of an answer. */
export type AgentEvent =
  | { type: "text"; text: string }
  | { type: "thought"; text: string }
  | { type: "tool"; call: ToolCall }
  | { type: "usage"; usage: Usage };

/** One use of a tool; told again, whole, whenever it changes. */
export interface ToolCall {
  /** Unique within the turn. */
  id: string;
  /** What it does, for people. */
  title: string;
  /** "read", "edit", "execute", ...; "other" if unknown. */
  kind: string;
  status: "pending" | "in_progress" | "completed" | "failed";
  /** What it printed or changed, as Markdown. */
  content: string;
}

/** Tokens that a turn took. */
export interface Usage {
  inputTokens: number;
  outputTokens: number;
}

/**
 * Why an agent failed a turn:
 * - `unavailable`: it cannot be reached, broke off, or asks to slow down;
 * - `timeout`: it was silent for too long;
 * - `rejected`: it refuses this message, as too long or forbidden;
 * - `misconfigured`: an operator must act, as on a wrong key or unknown model;
 * - `internal`: it answered with nonsense.
 */
export type AgentErrorKind = "unavailable" | "timeout" | "rejected" | "misconfigured" | "internal";

/** A turn that its agent failed. The message is shown to the user and stored. */
export class AgentError extends Error {
  override readonly name = "AgentError";
  constructor(
    readonly kind: AgentErrorKind,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
