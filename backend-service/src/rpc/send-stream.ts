import type { SendStreamRequest, SendStreamResponse } from "@amp/proto";
import type { RpcContext } from "./context.js";
import { TurnNotCompleted } from "./errors.js";
import { serverStreaming } from "./handler.js";
import { newTurn } from "./new-turn.js";
import { turnEventMessage } from "./wire.js";

export const sendStream = (context: RpcContext) =>
  serverStreaming<SendStreamRequest, SendStreamResponse>(
    context,
    async function* (request, signal) {
      for await (const told of context.engine.send(newTurn(request), signal)) {
        yield { event: turnEventMessage(told) };
        if (told.type === "failed") throw new TurnNotCompleted(told.turn);
        if (told.type === "cancelled") throw new TurnNotCompleted(told.turn);
      }
    },
  );
