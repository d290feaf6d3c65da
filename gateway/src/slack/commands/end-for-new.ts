import { enqueueAgain } from "../inbox/store.js";
import { parseEndFor } from "../work/limit.js";
import type { Command } from "./command.js";
import { endSession, mayNotEnd } from "./ending.js";

/**
 * A button of the list of one's sessions: ends one, and then does what was
 * refused for want of a slot. A second click changes nothing.
 */
export const endForNew: Command = async (bridge, request) => {
  const { place, user, args, answer, tell } = request;
  const [sessionId, refused, owner] = parseEndFor(args[0] ?? "") ?? [];
  if (sessionId === undefined || refused === undefined) return;
  if (user !== owner) return tell({ text: `_Only <@${owner}> can use this list._` });
  const refusal = await mayNotEnd(bridge, user, { team: place.team, sessionId });
  if (refusal !== undefined) return tell({ text: refusal });
  await endSession(bridge, request, sessionId);
  await answer({ text: `Session \`${sessionId.slice(0, 8)}\` ended.` }, (tx) =>
    enqueueAgain(tx, refused),
  );
};
