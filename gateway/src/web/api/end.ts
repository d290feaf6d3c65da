import { BackendError } from "../../backend/index.js";
import { fields, read, sessionId } from "../body.js";
import { type Endpoint, ok } from "../endpoint.js";
import { unknownSession } from "../errors.js";
import { ENDED_BY_USER } from "../sessions.js";

const Body = fields({ session_id: sessionId });

/**
 * POST /end: ends the named session, else the active one, for good. The wish is
 * stored first: a backend that cannot be reached now is told later, and the
 * answer carries a warning.
 */
export const end: Endpoint = async (context, { user, request, signal }) => {
  const body = read(Body, request.body);
  const mapping = await context.mappings.find(user, body.session_id);
  if (!mapping) {
    if (body.session_id !== undefined) throw unknownSession(body.session_id);
    return ok({ ended: false, message: "No active session." });
  }
  await context.mappings.ending(mapping);
  const answer = { ended: true, session_id: mapping.session_id };
  try {
    await context.backend.end(mapping.session_id, ENDED_BY_USER, {
      window: context.retryWindow,
      signal,
    });
  } catch (error) {
    if (!(error instanceof BackendError)) throw error;
    context.logger.warn({ err: error, session: mapping.session_id }, "cannot end a session now");
    return ok({ ...answer, warning: error.message });
  }
  await context.mappings.ended(mapping.session_id);
  return ok(answer);
};
