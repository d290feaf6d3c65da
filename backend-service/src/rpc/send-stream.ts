import type { SendStreamRequest, SendStreamResponse } from "@amp/proto";
import type { Turn } from "../store/model.js";
import type { RpcContext } from "./context.js";
import { TurnNotCompleted } from "./errors.js";
import { serverStreaming } from "./handler.js";
import { newTurn } from "./new-turn.js";
import { turnEventMessage } from "./wire.js";

export const sendStream = (context: RpcContext) =>
  serverStreaming<SendStreamRequest, SendStreamResponse>(
    context,
    async function* (request, signal) {
      let unanswered: Turn | undefined;
      for await (const told of context.engine.send(newTurn(request), signal)) {
        yield { event: turnEventMessage(told) };
        if (told.type === "failed" || told.type === "cancelled") unanswered = told.turn;
      }
      // Only now: the engine has the last word when the whole session ended.
      if (unanswered) throw new TurnNotCompleted(unanswered);
    },
  );
