import type { SendStreamRequest, SendStreamResponse } from "@amp/proto";
import type { TurnEvent } from "../sessions/events.js";
import type { Turn } from "../store/model.js";
import type { RpcContext } from "./context.js";
import { TurnNotCompleted } from "./errors.js";
import { tellFromOwner } from "./forward.js";
import { serverStreaming } from "./handler.js";
import { newTurn } from "./new-turn.js";
import { turnEventMessage } from "./wire.js";

export const sendStream = (context: RpcContext) =>
  serverStreaming<SendStreamRequest, SendStreamResponse>(
    context,
    async function* (request, caller) {
      const turn = newTurn(request);
      const events = tellFromOwner<SendStreamResponse>(context, caller, {
        here: () => tell(context.engine.send(turn, caller.signal)),
        there: (owner, options) =>
          owner.sendStream({ ...request, requestId: turn.requestId }, options),
        // A turn is told from its beginning, by whomever.
        again: () => true,
      });
      let final = false;
      for await (const response of events) {
        // An end whose status was lost is told again, for the status only.
        if (!final) yield response;
        final ||= isFinal(response);
      }
    },
  );

async function* tell(events: AsyncIterable<TurnEvent>): AsyncGenerator<SendStreamResponse> {
  let unanswered: Turn | undefined;
  for await (const told of events) {
    yield { event: turnEventMessage(told) };
    if (told.type === "failed" || told.type === "cancelled") unanswered = told.turn;
  }
  // Only now: the engine has the last word when the whole session ended.
  if (unanswered) throw new TurnNotCompleted(unanswered);
}

function isFinal({ event }: SendStreamResponse): boolean {
  const kind = event?.event?.$case;
  return kind === "completed" || kind === "failed" || kind === "cancelled";
}
