import type pg from "pg";
import type { Logger } from "pino";
import type { AgentRegistry } from "../agents/registry.js";
import type { EndingsFeed } from "../sessions/endings-feed.js";
import type { Engine } from "../sessions/engine.js";

/** What the RPCs share. */
export interface RpcContext {
  pool: pg.Pool;
  engine: Engine;
  endings: EndingsFeed;
  registry: AgentRegistry;
  /** Resolved; a working directory must lie under one. */
  workspaceRoots: string[];
  /** Accepted bearer tokens; empty: none is asked for. */
  tokens: string[];
  /** Aborted when this replica begins to drain: new calls are refused. */
  draining: AbortSignal;
  logger: Logger;
}
