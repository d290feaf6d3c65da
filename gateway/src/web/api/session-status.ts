import { isUnavailable } from "@amp/postgres";
import { BackendError } from "../../backend/index.js";
import type { WebContext } from "../context.js";
import type { Call } from "../endpoint.js";
import { type Endpoint, ok } from "../endpoint.js";
import { aliveSession } from "../sessions.js";

/** Long enough to reconnect to a backend that was restarted before; a page that loads does not wait longer. */
const WINDOW_MS = 1_000;

const ENDED = "Previous session ended. Start a new one.";

/** GET /session: whether the user has an active session that is alive. Always 200. */
export const sessionStatus: Endpoint = async (context, call) => {
  try {
    return ok(await status(context, call));
  } catch (error) {
    if (!(error instanceof BackendError) && !isUnavailable(error)) throw error;
    return ok(disconnected("Server services not ready. Is the server fully started?"));
  }
};

async function status(context: WebContext, { user, signal }: Call) {
  const mapping = await context.mappings.find(user, undefined);
  if (!mapping) {
    const died = await context.mappings.tellDead(user);
    return disconnected(died ? ENDED : "No active session. Click 'New Session' to start.");
  }
  const session = await aliveSession(context, mapping, WINDOW_MS, signal);
  if (!session) return disconnected(ENDED);
  return {
    connected: true,
    session_id: session.sessionId,
    project_id: session.project,
    working_dir: session.workingDir,
  };
}

function disconnected(message: string) {
  return { connected: false, session_id: null, message };
}
