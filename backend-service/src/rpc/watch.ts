import type { WatchRequest, WatchResponse } from "@amp/proto";
import type { WatchEvent } from "../sessions/events.js";
import type { RpcContext } from "./context.js";
import { field } from "./fields.js";
import { tellFromOwner } from "./forward.js";
import { serverStreaming } from "./handler.js";
import { sessionMessage, turnEventMessage, turnMessage } from "./wire.js";

export const watch = (context: RpcContext) =>
  serverStreaming<WatchRequest, WatchResponse>(context, async function* (request, caller) {
    const sessionId = field.sessionId(request.sessionId);
    yield* tellFromOwner<WatchResponse>(context, caller, {
      here: () => tell(context.engine.watch(sessionId, caller.signal)),
      there: (owner, options) => owner.watch(request, options),
      // A watcher that was told a snapshot asks for the next one itself.
      again: (told) => !told,
    });
  });

async function* tell(events: AsyncIterable<WatchEvent>): AsyncGenerator<WatchResponse> {
  for await (const told of events) yield { event: eventOf(told) };
}

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
