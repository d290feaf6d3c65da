import { fields, read, requiredText } from "../body.js";
import { type Endpoint, ok } from "../endpoint.js";
import { HttpError, unknownSession } from "../errors.js";
import { aliveSession, meantSession } from "../sessions.js";

const Body = fields({ session_id: requiredText("session_id", 200) });

/** POST /session/resume: makes a living session of the user the active one. The one before is put aside. */
export const resumeSession: Endpoint = async (context, { user, request, signal }) => {
  const { session_id: sessionId } = read(Body, request.body);
  const mapping = await meantSession(context, user, sessionId);
  if (!(await aliveSession(context, mapping, context.retryWindow, signal))) {
    const error = `Session '${sessionId}' has ended`;
    throw new HttpError(404, { error, session_connected: false });
  }
  if (!(await context.mappings.activate(user, sessionId))) throw unknownSession(sessionId);
  return ok({ session_id: sessionId, resumed: true });
};
