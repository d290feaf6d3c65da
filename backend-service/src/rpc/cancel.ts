import type { CancelRequest, CancelResponse } from "@amp/proto";
import { findRunning } from "../store/turns.js";
import type { RpcContext } from "./context.js";
import { field } from "./fields.js";
import { answerAtOwner } from "./forward.js";
import { unary } from "./handler.js";

export const cancel = (context: RpcContext) =>
  unary<CancelRequest, CancelResponse>(context, async (request, caller) => {
    const sessionId = field.sessionId(request.sessionId);
    let seq = field.seq(request.seq);
    return answerAtOwner(context, caller, {
      here: async () => ({ cancelled: await context.engine.cancel(sessionId, seq) }),
      async there(owner, options) {
        // By its number: when the answer is lost, "the one that runs" may be the next one.
        seq ||= (await findRunning(context.pool, sessionId)) ?? 0;
        return seq === 0 ? { cancelled: false } : owner.cancel({ sessionId, seq }, options);
      },
    });
  });
