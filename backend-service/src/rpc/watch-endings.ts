import type { WatchEndingsRequest, WatchEndingsResponse } from "@amp/proto";
import { z } from "zod";
import type { EndingsCursor } from "../sessions/endings-feed.js";
import { SessionError } from "../sessions/errors.js";
import type { Ending } from "../store/endings.js";
import type { RpcContext } from "./context.js";
import { serverStreaming } from "./handler.js";
import { pageToken, parsePageToken } from "./page-token.js";
import { endKindMessage } from "./wire.js";

const Cursor = z.tuple([z.uuid(), z.int().min(0)]);

export const watchEndings = (context: RpcContext) =>
  serverStreaming<WatchEndingsRequest, WatchEndingsResponse>(
    context,
    async function* (request, { signal }) {
      const [feed, number] = parsePageToken(request.cursor, Cursor, "cursor") ?? [];
      const from = feed === undefined || number === undefined ? undefined : { feed, number };
      const stop = AbortSignal.any([signal, context.draining]);
      for await (const { cursor, ending } of context.endings.read(from, stop)) {
        yield response(cursor, ending);
      }
      if (context.draining.aborted) throw new SessionError("draining", "");
    },
  );

function response({ feed, number }: EndingsCursor, ending: Ending | undefined) {
  return {
    cursor: pageToken([feed, number]),
    sessionId: ending?.sessionId ?? "",
    kind: endKindMessage(ending?.kind),
    reason: ending?.reason ?? "",
    endedAt: ending?.endedAt,
  };
}
