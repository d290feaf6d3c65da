import type { PoolOptions } from "@amp/postgres";
import type { RequestHandler, Router } from "express";
import type pg from "pg";
import type { Logger } from "pino";
import type { Registry } from "prom-client";
import type { Backend, Ending } from "./backend/index.js";
import type { Troubles } from "./troubles.js";

/** What a surface is given by the composition root. */
export interface SurfaceContext {
  backend: Backend;
  pool: pg.Pool;
  /** For a connection of one's own, to listen for notifications or to hold a lock. */
  database: PoolOptions;
  logger: Logger;
  metrics: Registry;
  troubles: Troubles;
  /** Aborted when the gateway begins to shut down: long streams end, short requests finish. */
  closing: AbortSignal;
  /** Lets only those requests pass that come from who may use the web chat. */
  ownerOnly: RequestHandler;
}

/** The active mappings of a surface, for whoever finds out that a session died. */
export interface SurfaceMappings {
  /** Sessions that active mappings point at, in the order of their ids, after this one; each once. */
  activeSessions(after: string, limit: number): Promise<string[]>;
  /** Active mappings that are not marked as checked. */
  unchecked(limit: number): Promise<{ mapping: string; sessionId: string }[]>;
  checked(mappings: string[]): Promise<void>;
  /** Deactivates whatever points at these sessions. May be repeated. Returns how many it were. */
  ended(endings: Ending[]): Promise<number>;
}

/** A surface at work. Disposing it ends its streams and lets what it works on finish. */
export interface Surface extends AsyncDisposable {
  name: "slack" | "web";
  /** Its HTTP routes, with full paths. */
  router: Router;
  /** Those of them that check by themselves who calls, for a listener that the world may reach. */
  publicRouter?: Router;
  mappings: SurfaceMappings;
  /** What keeps the surface from working until an operator acts; undefined while nothing is known to be wrong. */
  problem?(): string | undefined;
}
