import type pg from "pg";
import type { Logger } from "pino";
import type { AgentRegistry } from "../agents/registry.js";
import type { Engine } from "../sessions/engine.js";

/** What the RPCs share. */
export interface RpcContext {
  pool: pg.Pool;
  engine: Engine;
  registry: AgentRegistry;
  /** Resolved; a working directory must lie under one. */
  workspaceRoots: string[];
  /** Accepted bearer tokens; empty: none is asked for. */
  tokens: string[];
  /** Whether new calls are refused. */
  draining: () => boolean;
  logger: Logger;
}
