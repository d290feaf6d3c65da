import { z } from "zod";
import { enqueueAgain } from "../inbox/store.js";
import { findMapping, isTaken } from "../mappings/store.js";
import { takeButtonAway } from "../work/dead.js";
import { startSession, takenText } from "../work/start.js";
import type { Command } from "./command.js";
import { createSession, startedText } from "./new.js";

const NOT_KEPT = "\n_Your last message is not kept any more. Please send it again._";

/**
 * Begins a session in a conversation whose session died, and sends it the
 * message that found out. The argument is that message's inbox row, or 0. A
 * second click changes nothing.
 */
export const startHere: Command = async (bridge, request) => {
  const { place, args, answer } = request;
  const message = InboxId.safeParse(args[0]).data;
  if (message === undefined) return answer({ text: "_This button does not work any more._" });
  const here = await findMapping(bridge.pool, place);
  if (here?.active) {
    return answer({ text: takenText(here.sessionId) });
  }
  let lost = false;
  await startSession(bridge, {
    ...request,
    begins: true,
    open: () => createSession(bridge, request, here?.description ?? "", here?.workingDir),
    text: (session, where) => startedText(session, where) + (lost ? NOT_KEPT : ""),
    inPlace: async (tx) => {
      lost = message !== 0 && !(await enqueueAgain(tx, message));
    },
  });
  if (await isTaken(bridge.pool, place)) await takeButtonAway(bridge, request);
};

const InboxId = z
  .string()
  .regex(/^\d{1,15}$/)
  .transform(Number);
