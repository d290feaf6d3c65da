import { BackendError, Reason, type Session } from "../backend/index.js";
import type { WebContext } from "./context.js";
import type { Mapping } from "./store/mappings.js";

/** Asks the backend for the session of an opening: a new one, or the one that it already has. */
export function createFor(
  { backend, retryWindow }: Pick<WebContext, "backend" | "retryWindow">,
  opening: Mapping,
  signal: AbortSignal,
): Promise<Session> {
  return backend.create(
    {
      agent: opening.agent,
      workingDir: opening.working_dir,
      description: opening.description,
      origin: { surface: "web", user: opening.user_id, conversation: opening.mapping_id },
      requestId: `web:${opening.mapping_id}`,
    },
    { window: retryWindow, signal },
  );
}

/** Whether the backend will never begin what the opening asks for, so that it has no session. */
export function isRefusal(error: unknown): boolean {
  if (!(error instanceof BackendError)) return false;
  return error.kind === "invalid" || error.reason === Reason.WORKING_DIR_FORBIDDEN;
}
