import type { ResolveApprovalRequest, ResolveApprovalResponse } from "@amp/proto";
import type { RpcContext } from "./context.js";
import { field } from "./fields.js";
import { answerAtOwner } from "./forward.js";
import { unary } from "./handler.js";
import { approvalMessage } from "./wire.js";

export const resolveApproval = (context: RpcContext) =>
  unary<ResolveApprovalRequest, ResolveApprovalResponse>(context, async (request, caller) => {
    const sessionId = field.sessionId(request.sessionId);
    const answer = {
      approvalId: field.approvalId(request.approvalId),
      optionId: field.optionId(request.optionId),
      by: field.author(request.decidedBy, "decided_by"),
    };
    return answerAtOwner(context, caller, {
      here: async () => ({
        approval: approvalMessage(await context.engine.resolve(sessionId, answer)),
      }),
      there: (owner, options) => owner.resolveApproval(request, options),
    });
  });
