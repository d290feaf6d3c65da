import type { GetRequest, GetResponse } from "@amp/proto";
import { SessionError } from "../sessions/errors.js";
import { findSession } from "../store/sessions.js";
import type { RpcContext } from "./context.js";
import { field } from "./fields.js";
import { unary } from "./handler.js";
import { sessionMessage } from "./wire.js";

export const get = (context: RpcContext) =>
  unary<GetRequest, GetResponse>(context, async (request) => {
    const sessionId = field.sessionId(request.sessionId);
    const session = await findSession(context.pool, sessionId);
    if (!session) throw new SessionError("unknown", sessionId);
    return { session: sessionMessage(session) };
  });
