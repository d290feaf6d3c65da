import { randomUUID } from "node:crypto";
import { BackendError } from "../../backend/index.js";
import { noteWish, withoutEscape } from "../../notes/phrases.js";
import { fields, read, requestId, requiredWords, sessionId } from "../body.js";
import type { WebContext } from "../context.js";
import { type Answer, type Call, type Endpoint, ok } from "../endpoint.js";
import { HttpError, toHttpError } from "../errors.js";
import { memoryCommand } from "../memory.js";
import { meantSession, withSession } from "../sessions.js";
import type { SessionMapping } from "../store/mappings.js";

const Body = fields({
  message: requiredWords("message", 200_000),
  session_id: sessionId,
  request_id: requestId,
});

/**
 * POST /chat: one message to a session. Waits for the reply; with
 * `Prefer: respond-async` (RFC 7240) it answers 202 as soon as the message is
 * accepted for good, and the event stream tells the rest, how it failed too. The
 * turn goes on whatever becomes of the request, and a repeat with the same
 * request_id joins it. What is for the user's memory is answered at once.
 */
export const chat: Endpoint = async (context, call) => {
  const body = read(Body, call.request.body);
  const later = respondAsync(call);
  // No turn, and so nothing that the event stream could tell later.
  const wish = noteWish(body.message);
  if (wish) {
    const { message, session_id: sessionId, request_id: requestId } = body;
    return ok(
      await memoryCommand(context, { user: call.user, message, wish, sessionId, requestId }),
    );
  }
  const mapping = await meantSession(context, call.user, body.session_id);
  const request = {
    sessionId: mapping.session_id,
    message: withoutEscape(body.message),
    requestId: body.request_id ?? randomUUID(),
    author: { surface: "web", user: call.user, displayName: "" },
  };
  try {
    await context.mappings.touch(mapping);
    return await withSession(context, mapping, () =>
      later ? accept(context, mapping, request, call) : reply(context, mapping, request, call),
    );
  } catch (error) {
    throw keptOpen(error);
  }
};

type Message = Parameters<WebContext["backend"]["send"]>[0];

async function reply(
  { backend, retryWindow }: WebContext,
  mapping: SessionMapping,
  message: Message,
  { signal }: Call,
): Promise<Answer> {
  const turn = await backend.send(message, { window: retryWindow, signal });
  return ok({ response: turn.reply, session_id: mapping.session_id, session_connected: true });
}

async function accept(
  { backend, retryWindow }: WebContext,
  mapping: SessionMapping,
  message: Message,
  { signal }: Call,
): Promise<Answer> {
  const accepted = (seq: number | undefined): Answer => ({
    status: 202,
    body: {
      session_id: mapping.session_id,
      request_id: message.requestId,
      ...(seq !== undefined && { seq }),
      session_connected: true,
    },
  });
  try {
    // The first event says that the turn is stored; it needs nobody to listen on.
    for await (const { seq } of backend.sendStream(message, { window: retryWindow, signal })) {
      return accepted(seq);
    }
  } catch (error) {
    // gRPC drops what was not read yet when a call fails: the end of a short turn overtakes its first event.
    if (error instanceof BackendError && error.kind === "turn") return accepted(error.seq);
    throw error;
  }
  throw new BackendError("internal", "The backend did not accept the message.", undefined, "OK");
}

function respondAsync({ request }: Call): boolean {
  return /(^|,)\s*respond-async\s*(,|;|$)/i.test(request.get("prefer") ?? "");
}

/** Tells that the session is still there, where the failure does not say otherwise. */
function keptOpen(error: unknown): HttpError {
  const { status, body } = toHttpError(error);
  return new HttpError(status, { session_connected: true, ...body }, { cause: error });
}
