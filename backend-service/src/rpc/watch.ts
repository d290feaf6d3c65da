import type { WatchRequest, WatchResponse } from "@amp/proto";
import type { WatchEvent } from "../sessions/engine.js";
import type { RpcContext } from "./context.js";
import { field } from "./fields.js";
import { serverStreaming } from "./handler.js";
import { sessionMessage, turnEventMessage, turnMessage } from "./wire.js";

export const watch = (context: RpcContext) =>
  serverStreaming<WatchRequest, WatchResponse>(context, async function* (request, signal) {
    const sessionId = field.sessionId(request.sessionId);
    for await (const told of context.engine.watch(sessionId, signal))
      yield { event: eventOf(told) };
  });

function eventOf(told: WatchEvent): NonNullable<WatchResponse["event"]> {
  switch (told.type) {
    case "snapshot": {
      const openTurns = told.openTurns.map(turnMessage);
      return { $case: "snapshot", value: { session: sessionMessage(told.session), openTurns } };
    }
    case "ended":
      return { $case: "ended", value: sessionMessage(told.session) };
    default:
      return { $case: "turn", value: turnEventMessage(told) };
  }
}
