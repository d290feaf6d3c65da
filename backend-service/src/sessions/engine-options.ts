import type pg from "pg";
import type { Logger } from "pino";
import type { Agent } from "../agents/agent.js";
import type { Lease } from "./lease.js";
import type { TurnTimes } from "./turn-times.js";

/** What the engine is made of. */
export interface EngineOptions extends TurnTimes {
  pool: pg.Pool;
  lease: Lease;
  agents: ReadonlyMap<string, Agent>;
  /** Resolved; where sessions may work. */
  workspaceRoots: string[];
  /** Open turns that a session may have. */
  queueLimit: number;
  /** Turns at work on this replica; more wait in order, those that wait for people do not count. */
  maxRunningTurns: number;
  /** Bytes of histories that agents may hold at once; by default a part of the heap's limit. */
  historyMemory?: number | undefined;
  logger: Logger;
}
