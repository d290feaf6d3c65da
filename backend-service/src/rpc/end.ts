import type { EndRequest, EndResponse } from "@amp/proto";
import type { RpcContext } from "./context.js";
import { field } from "./fields.js";
import { unary } from "./handler.js";

export const end = (context: RpcContext) =>
  unary<EndRequest, EndResponse>(context, async (request) => {
    const sessionId = field.sessionId(request.sessionId);
    const ended = await context.engine.end(sessionId, field.reason(request.reason));
    return { ended };
  });
