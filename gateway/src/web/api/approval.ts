import { fields, read, requiredText, sessionId } from "../body.js";
import { type Endpoint, ok } from "../endpoint.js";
import { approvalJson } from "../json.js";
import { meantSession, withSession } from "../sessions.js";

const Body = fields({
  session_id: sessionId,
  approval_id: requiredText("approval_id", 200),
  option_id: requiredText("option_id", 200),
});

/** POST /approval: answers a question of the agent. 409 when another answer was first, or nobody waits any more. */
export const approval: Endpoint = async (context, { user, request, signal }) => {
  const body = read(Body, request.body);
  const mapping = await meantSession(context, user, body.session_id);
  const answer = {
    sessionId: mapping.session_id,
    approvalId: body.approval_id,
    optionId: body.option_id,
    decidedBy: { surface: "web", user },
  };
  const call = { window: context.retryWindow, signal };
  const resolved = await withSession(context, mapping, () =>
    context.backend.resolveApproval(answer, call),
  );
  return ok({ approval: approvalJson(resolved) });
};
