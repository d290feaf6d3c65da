import type { Response } from "express";
import { fields, read, text } from "../body.js";
import type { WebContext } from "../context.js";
import type { Call } from "../endpoint.js";
import { followList } from "../events/follow-list.js";
import { followSession } from "../events/follow-session.js";
import { EventStream } from "../events/sse.js";
import { meantSession } from "../sessions.js";

const Query = fields({ session: text("session", 200).optional() });

/**
 * GET /events: the newest of the user's sessions, those that change, and, if one is named,
 * that session as it goes on. Each connection begins with the whole state, so
 * that a client that comes back needs no history.
 * @throws HttpError 404 or 429 before the stream begins
 */
export async function events(context: WebContext, call: Call, response: Response): Promise<void> {
  const { session } = read(Query, call.request.query);
  const mapping = session && (await meantSession(context, call.user, session));
  // It has no body, and so no end that a stream could reach.
  if (call.request.method === "HEAD") {
    response.set("Content-Type", "text/event-stream").end();
    return;
  }
  using _slot = context.streams.take(call.user);
  const signal = AbortSignal.any([call.signal, context.closing]);
  const stream = new EventStream(response);
  const list = followList(context, call.user, stream, signal);
  // The list comes first.
  await list.next();
  await Promise.all([
    exhaust(list),
    mapping && followSession(context, { mapping, stream, signal }),
  ]);
  stream.end();
}

async function exhaust(steps: AsyncIterator<void>): Promise<void> {
  while (!(await steps.next()).done);
}
