import { Reason, type SendRequest, type SendResponse } from "@amp/proto";
import { status } from "@grpc/grpc-js";
import type { TurnEvent } from "../sessions/events.js";
import type { Turn } from "../store/model.js";
import type { RpcContext } from "./context.js";
import { Refusal, TurnNotCompleted } from "./errors.js";
import { answerAtOwner } from "./forward.js";
import { unary } from "./handler.js";
import { newTurn } from "./new-turn.js";
import { turnMessage } from "./wire.js";

export const send = (context: RpcContext) =>
  unary<SendRequest, SendResponse>(context, async (request, caller) => {
    const turn = newTurn(request);
    return answerAtOwner(context, caller, {
      here: () => answer(context.engine.send(turn, caller.signal)),
      // With the id that was made up, if it was, so that looking again runs nothing twice.
      there: (owner, options) => owner.send({ ...request, requestId: turn.requestId }, options),
    });
  });

async function answer(events: AsyncIterable<TurnEvent>): Promise<SendResponse> {
  let unanswered: Turn | undefined;
  for await (const told of events) {
    if (told.type === "failed" || told.type === "cancelled") unanswered = told.turn;
    if (told.type === "completed") {
      return { reply: told.turn.reply, turn: turnMessage(told.turn) };
    }
  }
  // Only now: the engine has the last word when the whole session ended.
  if (unanswered) throw new TurnNotCompleted(unanswered);
  // Nobody is there to read this: the caller is gone, the turn goes on.
  throw new Refusal(status.CANCELLED, Reason.INTERNAL, "The caller went away.");
}
