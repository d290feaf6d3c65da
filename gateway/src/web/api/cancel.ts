import { z } from "zod";
import { fields, read, sessionId } from "../body.js";
import { type Endpoint, ok } from "../endpoint.js";
import { meantSession, withSession } from "../sessions.js";

/** Of the contract's int32. */
const MAX_SEQ = 2 ** 31 - 1;
const SEQ = { error: `seq must be a whole number from 1 to ${MAX_SEQ}` };
const Body = fields({
  session_id: sessionId,
  seq: z.int(SEQ).min(1, SEQ).max(MAX_SEQ, SEQ).optional(),
});

/** POST /cancel: stops a turn, by default the one that runs now. */
export const cancel: Endpoint = async (context, { user, request, signal }) => {
  const { session_id, seq = 0 } = read(Body, request.body);
  const mapping = await meantSession(context, user, session_id);
  const call = { window: context.retryWindow, signal };
  const cancelled = await withSession(context, mapping, () =>
    context.backend.cancel(mapping.session_id, seq, call),
  );
  return ok({ cancelled });
};
