import { enqueueAgain } from "../inbox/store.js";
import { findMapping } from "../mappings/store.js";
import { startSession, takenText } from "../work/start.js";
import type { Command } from "./command.js";
import { createSession, startedText } from "./new.js";

/**
 * Begins a session in a conversation whose session died, and sends it the
 * message that found out. The argument is that message's inbox row. A second
 * click changes nothing.
 */
export const startHere: Command = async (bridge, request) => {
  const { place, args, answer } = request;
  const here = await findMapping(bridge.pool, place);
  if (here?.active) {
    return answer({ text: takenText(here.sessionId) });
  }
  await startSession(bridge, {
    ...request,
    begins: true,
    open: () => createSession(bridge, request, here?.description ?? "", here?.workingDir),
    text: startedText,
    inPlace: (tx) => enqueueAgain(tx, Number(args[0])),
  });
};
