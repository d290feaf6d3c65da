import type { Logger } from "pino";
import type { Backend } from "../backend/index.js";
import type { Notes } from "../notes/notes.js";
import type { SessionLists } from "./events/session-lists.js";
import type { StreamSlots } from "./events/stream-slots.js";
import type { Asides } from "./store/asides.js";
import type { Lists } from "./store/lists.js";
import type { Mappings } from "./store/mappings.js";

/** What the web chat's endpoints work with. */
export interface WebContext {
  backend: Backend;
  mappings: Mappings;
  notes: Notes;
  asides: Asides;
  lists: Lists;
  listChanges: SessionLists;
  streams: StreamSlots;
  logger: Logger;
  /** How long an unreachable backend is tried again while a request waits, in milliseconds. */
  retryWindow: number;
  /** Aborted at shutdown: streams end. */
  closing: AbortSignal;
}
