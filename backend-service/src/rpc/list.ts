import { type ListRequest, type ListResponse, SessionState } from "@amp/proto";
import { z } from "zod";
import { InvalidField } from "../sessions/errors.js";
import { listSessions } from "../store/sessions.js";
import type { RpcContext } from "./context.js";
import { field } from "./fields.js";
import { unary } from "./handler.js";
import { pageToken, parsePageToken } from "./page-token.js";
import { sessionMessage } from "./wire.js";

/** The last session of a page: when it was active, in milliseconds, and its id. */
const Position = z.tuple([z.int().min(0).max(8.64e15), z.string().regex(/^[\w-]{1,200}$/)]);

export const list = (context: RpcContext) =>
  unary<ListRequest, ListResponse>(context, async (request) => {
    const limit = field.pageSize(request.pageSize);
    const [lastActive, id] = parsePageToken(request.pageToken, Position) ?? [];
    const sessionIds = field.sessionIds(request.sessionIds);
    const sessions = await listSessions(context.pool, {
      state: stateFilter(request.state),
      project: field.project(request.project) || undefined,
      surface: field.surface(request.surface) || undefined,
      idPrefix: field.idPrefix(request.idPrefix) || undefined,
      sessionIds: sessionIds.length > 0 ? sessionIds : undefined,
      after:
        lastActive === undefined || id === undefined
          ? undefined
          : { lastActiveAt: new Date(lastActive), sessionId: id },
      // One more tells whether there is a next page.
      limit: limit + 1,
    });
    const page = sessions.slice(0, limit);
    const last = sessions.length > limit ? page.at(-1) : undefined;
    return {
      sessions: page.map(sessionMessage),
      nextPageToken: last ? pageToken([last.lastActiveAt.getTime(), last.sessionId]) : "",
    };
  });

function stateFilter(state: SessionState): "active" | "ended" | undefined {
  switch (state) {
    case SessionState.UNSPECIFIED:
      return undefined;
    case SessionState.ACTIVE:
      return "active";
    case SessionState.ENDED:
      return "ended";
    default:
      throw new InvalidField("state", "is none of the known states");
  }
}
