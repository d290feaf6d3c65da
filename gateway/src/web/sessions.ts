import { type Ending, isDead, type Session, SessionState } from "../backend/index.js";
import type { WebContext } from "./context.js";
import { deadSession, noActiveSession, unknownSession } from "./errors.js";
import type { SessionMapping } from "./store/mappings.js";

/** What the backend is told of an end that the user asked for. */
export const ENDED_BY_USER = "ended by its user in the web chat";

/** The session that a request means: the named one, else the active one. @throws HttpError 404 or 409 */
export async function meantSession(
  { mappings }: WebContext,
  user: string,
  sessionId: string | undefined,
): Promise<SessionMapping> {
  const mapping = await mappings.find(user, sessionId);
  if (mapping) return mapping;
  if (sessionId === undefined && (await mappings.tellDead(user))) throw deadSession();
  throw sessionId === undefined ? noActiveSession() : unknownSession(sessionId);
}

/** Lets go of a dead session: nothing points at it any more, in Postgres. */
export async function letGo(context: WebContext, sessionId: string): Promise<void> {
  warnOfDead(context, await context.mappings.ended(sessionId));
}

/** Lets go of sessions that died while nobody asked for them. Returns how many mappings that were. */
export async function letGoElsewhere(
  context: Pick<WebContext, "mappings" | "logger">,
  endings: Ending[],
): Promise<number> {
  const sessionIds = endings.map(({ sessionId }) => sessionId);
  const dead = await context.mappings.endedElsewhere(sessionIds);
  warnOfDead(context, dead);
  return dead.length;
}

function warnOfDead({ logger }: Pick<WebContext, "logger">, dead: SessionMapping[]): void {
  for (const { user_id: user, session_id: session } of dead) {
    logger.warn({ user, session }, "session is dead: its web chat mapping is deactivated");
  }
}

/** Calls the backend for a session. A dead one is let go of. @throws HttpError 409 for it */
export async function withSession<T>(
  context: WebContext,
  mapping: SessionMapping,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isDead(error)) throw error;
    await letGo(context, mapping.session_id);
    throw deadSession();
  }
}

/** The session if it is alive; a dead one is let go of and undefined. @throws BackendError */
export async function aliveSession(
  context: WebContext,
  mapping: SessionMapping,
  window: number,
  signal: AbortSignal,
): Promise<Session | undefined> {
  try {
    const session = await context.backend.get(mapping.session_id, { window, signal });
    if (session.state !== SessionState.ENDED) return session;
  } catch (error) {
    if (!isDead(error)) throw error;
  }
  await letGo(context, mapping.session_id);
  return undefined;
}
