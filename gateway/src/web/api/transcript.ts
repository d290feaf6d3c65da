import { z } from "zod";
import { isDead } from "../../backend/index.js";
import { fields, read, sessionId } from "../body.js";
import { type Endpoint, ok } from "../endpoint.js";
import { unknownSession } from "../errors.js";
import { asideJson, turnJson } from "../json.js";
import { meantSession } from "../sessions.js";
import { newestTurns } from "../transcript.js";

const whole = (field: string, max: number) => {
  const error = `${field} must be a whole number from 1 to ${max}`;
  return z.coerce.number({ error }).int({ error }).min(1, { error }).max(max, { error });
};
/** Of the contract's int32. */
const MAX_SEQ = 2 ** 31 - 1;
const Query = fields({
  before: whole("before", MAX_SEQ).optional(),
  limit: whole("limit", 200).default(50),
});

/** GET /sessions/:id/transcript: the turns before one, oldest first, of a session dead or alive. */
export const transcript: Endpoint = async (context, { user, request, signal }) => {
  const id = read(sessionId, request.params["id"]);
  const { before, limit } = read(Query, request.query);
  const mapping = await meantSession(context, user, id);
  const call = { window: context.retryWindow, signal };
  try {
    const stretch = await newestTurns(context.backend, mapping.session_id, { limit, before }, call);
    const newest = before === undefined;
    const asides = await context.asides.beside(user, mapping.session_id, stretch, newest);
    return ok({
      session_id: mapping.session_id,
      turns: stretch.turns.map(turnJson),
      memories: asides.map(asideJson),
      has_more: stretch.hasMore,
    });
  } catch (error) {
    throw isDead(error) ? unknownSession(mapping.session_id) : error;
  }
};
