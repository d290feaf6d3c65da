import type pg from "pg";
import type { Logger } from "pino";
import type { Backend } from "../backend/index.js";
import type { Surface } from "../surface.js";
import type { Release } from "./release.js";

/** What the reconciler works with. */
export interface EndingsContext {
  backend: Backend;
  pool: pg.Pool;
  surfaces: Surface[];
  release: Release;
  logger: Logger;
  /** Ends it. */
  signal: AbortSignal;
}
