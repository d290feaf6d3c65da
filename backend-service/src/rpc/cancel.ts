import type { CancelRequest, CancelResponse } from "@amp/proto";
import type { RpcContext } from "./context.js";
import { field } from "./fields.js";
import { unary } from "./handler.js";

export const cancel = (context: RpcContext) =>
  unary<CancelRequest, CancelResponse>(context, async (request) => {
    const sessionId = field.sessionId(request.sessionId);
    const cancelled = await context.engine.cancel(sessionId, field.seq(request.seq));
    return { cancelled };
  });
