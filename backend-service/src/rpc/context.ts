import type pg from "pg";
import type { Logger } from "pino";
import type { AgentRegistry } from "../agents/registry.js";
import type { EndingsFeed } from "../sessions/endings-feed.js";
import type { Engine } from "../sessions/engine.js";
import type { Peers } from "./peers.js";

/** What the RPCs share. */
export interface RpcContext {
  pool: pg.Pool;
  engine: Engine;
  endings: EndingsFeed;
  peers: Peers;
  /** How long a call looks for the owner of its session, in milliseconds. */
  patienceMs: number;
  registry: AgentRegistry;
  /** Resolved; a working directory must lie under one. */
  workspaceRoots: string[];
  /** Aborted when this replica begins to drain: new calls are refused. */
  draining: AbortSignal;
  logger: Logger;
}
