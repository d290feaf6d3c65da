import type { ListTurnsRequest, ListTurnsResponse } from "@amp/proto";
import { z } from "zod";
import { InvalidField, SessionError } from "../sessions/errors.js";
import type { Turn } from "../store/model.js";
import { findSession } from "../store/sessions.js";
import { listTurns as readTurns } from "../store/turns.js";
import type { RpcContext } from "./context.js";
import { field } from "./fields.js";
import { askOwner } from "./forward.js";
import { unary } from "./handler.js";
import { pageToken, parsePageToken } from "./page-token.js";
import { turnMessage } from "./wire.js";

/** The place of the last turn of a page, and the order. */
const Position = z.tuple([
  z
    .int()
    .min(1)
    .max(2 ** 31 - 1),
  z.enum(["old", "new"]),
]);

/**
 * Bytes of stored turns on one page, so that it stays below the 4 MB that gRPC clients
 * receive by default, also with what the turn that runs has told so far. A page has at
 * least one turn.
 */
const MAX_PAGE_BYTES = 1_200_000;

export const listTurns = (context: RpcContext) =>
  unary<ListTurnsRequest, ListTurnsResponse>(context, async (request, caller) => {
    const { pool } = context;
    const sessionId = field.sessionId(request.sessionId);
    const limit = field.pageSize(request.pageSize);
    const order = request.newestFirst ? "new" : "old";
    const fromSeq = field.seq(request.fromSeq, "from_seq");
    const before = fromSeq ? fromSeq + (request.newestFirst ? 1 : -1) : undefined;
    const [after, given] = parsePageToken(request.pageToken, Position) ?? [before, order];
    if (given !== order) throw new InvalidField("page_token", "is of the other order");
    if (!(await findSession(pool, sessionId))) throw new SessionError("unknown", sessionId);
    const { turns: page, more } = await readTurns(pool, sessionId, {
      after,
      limit,
      bytes: MAX_PAGE_BYTES,
      newestFirst: request.newestFirst,
    });
    const last = more ? page.at(-1) : undefined;
    const answer = (live: Turn[]): ListTurnsResponse => ({
      turns: page.map((turn) =>
        turnMessage(turn.finishedAt ? turn : (live.find(({ seq }) => seq === turn.seq) ?? turn)),
      ),
      nextPageToken: last ? pageToken([last.seq, order]) : "",
    });
    if (page.every((turn) => turn.finishedAt)) return answer([]);
    // What open turns told so far, only their owner knows; the rest is in the store.
    const owner = await context.engine.otherOwner(sessionId);
    const asked =
      owner &&
      (await askOwner(context, caller, owner, (client, options) =>
        client.listTurns(request, options),
      ));
    return asked ?? answer(context.engine.live(sessionId));
  });
