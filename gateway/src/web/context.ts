import type { Logger } from "pino";
import type { Backend } from "../backend/index.js";
import type { SessionLists } from "./events/session-lists.js";
import type { Mappings } from "./store/mappings.js";
import type { Memories } from "./store/memories.js";

/** What the web chat's endpoints work with. */
export interface WebContext {
  backend: Backend;
  mappings: Mappings;
  memories: Memories;
  lists: SessionLists;
  logger: Logger;
  /** How long an unreachable backend is tried again while a request waits, in milliseconds. */
  retryWindow: number;
  /** Aborted at shutdown: streams end. */
  closing: AbortSignal;
}
