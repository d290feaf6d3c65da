import { fields, read, requestId, text, words } from "../body.js";
import type { WebContext } from "../context.js";
import { type Endpoint, ok } from "../endpoint.js";
import { HttpError } from "../errors.js";
import { createFor, isRefusal } from "../openings.js";
import type { Mapping } from "../store/mappings.js";

const Body = fields({
  working_dir: text("working_dir", 4_096).default(""),
  description: words("description", 1_000).default("Web chat session"),
  agent: text("agent", 200).default(""),
  request_id: requestId,
});

/**
 * POST /session: begins a session and makes it the user's active one. The one
 * before is only put aside, and can be resumed. Repeated with the same
 * request_id, answers the same session.
 */
export const createSession: Endpoint = async (context, { user, request, signal }) => {
  const body = read(Body, request.body);
  const opened = await context.mappings.open(user, {
    agent: body.agent,
    workingDir: body.working_dir,
    description: body.description,
    requestId: body.request_id,
  });
  const mapping =
    opened.state === "opening" ? await finish(context, opened, body.request_id, signal) : opened;
  return ok({
    session_id: mapping.session_id,
    project_id: mapping.project_id,
    working_dir: mapping.working_dir,
  });
};

/** Gives the opening its session. One that is refused, or that nobody can ask for again, is given up. */
async function finish(
  context: WebContext,
  opening: Mapping,
  repeatable: string | undefined,
  signal: AbortSignal,
): Promise<Mapping> {
  try {
    const session = await createFor(context, opening, signal);
    const attached = await context.mappings.attach(opening, session);
    // A repeat of this request may have been quicker.
    const mapping = attached ?? (await context.mappings.get(opening.mapping_id));
    if (mapping?.session_id) return mapping;
    throw new HttpError(503, { error: "The session could not be begun in time. Try again." });
  } catch (error) {
    if (isRefusal(error)) await context.mappings.discard(opening);
    else if (repeatable === undefined) await context.mappings.abandon(opening);
    throw error;
  }
}
