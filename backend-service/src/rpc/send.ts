import { Reason, type SendRequest, type SendResponse } from "@amp/proto";
import { status } from "@grpc/grpc-js";
import type { Turn } from "../store/model.js";
import type { RpcContext } from "./context.js";
import { Refusal, TurnNotCompleted } from "./errors.js";
import { unary } from "./handler.js";
import { newTurn } from "./new-turn.js";
import { turnMessage } from "./wire.js";

export const send = (context: RpcContext) =>
  unary<SendRequest, SendResponse>(context, async (request, signal) => {
    let unanswered: Turn | undefined;
    for await (const told of context.engine.send(newTurn(request), signal)) {
      if (told.type === "failed" || told.type === "cancelled") unanswered = told.turn;
      if (told.type === "completed") {
        return { reply: told.turn.reply, turn: turnMessage(told.turn) };
      }
    }
    // Only now: the engine has the last word when the whole session ended.
    if (unanswered) throw new TurnNotCompleted(unanswered);
    // Nobody is there to read this: the caller is gone, the turn goes on.
    throw new Refusal(status.CANCELLED, Reason.INTERNAL, "The caller went away.");
  });
