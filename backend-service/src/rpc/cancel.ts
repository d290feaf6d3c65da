import type { CancelRequest, CancelResponse } from "@amp/proto";
import type { RpcContext } from "./context.js";
import { field } from "./fields.js";
import { answerAtOwner } from "./forward.js";
import { unary } from "./handler.js";

export const cancel = (context: RpcContext) =>
  unary<CancelRequest, CancelResponse>(context, async (request, caller) => {
    const sessionId = field.sessionId(request.sessionId);
    const seq = field.seq(request.seq);
    return answerAtOwner(context, caller, {
      here: async () => ({ cancelled: await context.engine.cancel(sessionId, seq) }),
      there: (owner, options) => owner.cancel(request, options),
    });
  });
