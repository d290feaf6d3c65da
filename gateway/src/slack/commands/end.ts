import { BackendError } from "../../backend/index.js";
import { deactivate, findMapping, noteEnding } from "../mappings/store.js";
import { patiently } from "../work/bridge.js";
import type { Command } from "./command.js";

/** Ends the session of this conversation. */
export const end: Command = async (bridge, { job, place, user, answer }) => {
  const { pool, backend } = bridge;
  const here = await findMapping(pool, place);
  const begun = here?.endingJob === job.id;
  if (!here || !(here.active || begun)) return answer({ text: "_No active session to end._" });
  await noteEnding(pool, here.id, job.id);
  try {
    await backend.end(here.sessionId, `ended by ${user} in Slack`, patiently(bridge, job));
  } catch (error) {
    // Told now and not tried again; any other failure is.
    if (error instanceof BackendError) await noteEnding(pool, here.id, null);
    throw error;
  }
  await answer({ text: "Session ended. Start a new one with `new`." }, (tx) =>
    deactivate(tx, here, "ended"),
  );
};
