import type { AgentErrorKind, ApprovalOption, ToolCall, Usage } from "../agents/agent.js";

/** The place a session was begun from, in the surface's own words. */
export interface Origin {
  surface: string;
  user: string;
  conversation: string;
}

/** How a session ended: somebody ended it, or nobody talked to it for too long. */
export type EndKind = "ended" | "expired";

/** One conversation with one agent. */
export interface Session {
  sessionId: string;
  agent: string;
  /** Absolute, symlinks resolved. */
  workingDir: string;
  /** The last component of workingDir. */
  project: string;
  description: string;
  origin: Origin | undefined;
  state: "active" | "ended";
  /** Undefined while it is alive. */
  endKind: EndKind | undefined;
  endReason: string;
  createdAt: Date;
  lastActiveAt: Date;
  endedAt: Date | undefined;
  /** How many turns it ever accepted. */
  turnCount: number;
  /** How many of them are queued or running. */
  openTurns: number;
}

/** Who wrote a message. */
export interface Author {
  surface: string;
  user: string;
  displayName: string;
}

/** Why a turn did not end in a reply; the message is for people. */
export interface Failure {
  kind: AgentErrorKind | "interrupted";
  message: string;
}

/** Where a turn stands. Queued and running are one state in the store: open. */
export type TurnState = "queued" | "running" | FinalState;
export type FinalState = "completed" | "failed" | "cancelled" | "interrupted";

/** A question of the agent. One without a decision waits while its turn is open, and then has expired. */
export interface Approval {
  /** Unique within the session. */
  approvalId: string;
  /** The turn that asks. */
  seq: number;
  toolCallId: string;
  title: string;
  content: string;
  options: ApprovalOption[];
  requestedAt: Date;
  decision: { optionId: string; by: Author | undefined; at: Date } | undefined;
}

/** One message and the agent's whole answer to it. */
export interface Turn {
  sessionId: string;
  /** From 1, in the order of acceptance. */
  seq: number;
  requestId: string;
  message: string;
  author: Author | undefined;
  state: TurnState;
  reply: string;
  thought: string;
  toolCalls: ToolCall[];
  /** In the order of asking. */
  approvals: Approval[];
  failure: Failure | undefined;
  usage: Usage | undefined;
  createdAt: Date;
  /** Whether an agent may have been given it, here or elsewhere, before it was read. */
  begun: boolean;
  /** How many runs were begun, but for those that were handed over. */
  runs: number;
  finishedAt: Date | undefined;
}

/** A replica that runs a session, and where it is reached. */
export interface Owner {
  replicaId: string;
  /** `host:port`. */
  address: string;
}

/** What an owner must know of a session to run its turns. */
export interface Claim {
  sessionId: string;
  /** Carried by every write of this owner. */
  epoch: number;
  agent: string;
  workingDir: string;
  description: string;
  openTurns: number;
}
