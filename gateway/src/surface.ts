import type { PoolOptions } from "@amp/postgres";
import type { Router } from "express";
import type pg from "pg";
import type { Logger } from "pino";
import type { Registry } from "prom-client";
import type { Backend } from "./backend/index.js";

/** What a surface is given by the composition root. */
export interface SurfaceContext {
  backend: Backend;
  pool: pg.Pool;
  /** For a connection of one's own, to listen for notifications or to hold a lock. */
  database: PoolOptions;
  logger: Logger;
  metrics: Registry;
  /** Aborted when the gateway begins to shut down: long streams end, short requests finish. */
  closing: AbortSignal;
}

/** A surface at work. Disposing it ends its streams and lets what it works on finish. */
export interface Surface extends AsyncDisposable {
  /** Its HTTP routes, with full paths. */
  router: Router;
}
