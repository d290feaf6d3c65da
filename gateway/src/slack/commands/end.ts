import { deactivate, findMapping } from "../mappings/store.js";
import { patiently } from "../work/bridge.js";
import type { Command } from "./command.js";

/** Ends the session of this conversation. */
export const end: Command = async (bridge, { job, place, user, answer }) => {
  const here = await findMapping(bridge.pool, place);
  if (!here?.active) return answer({ text: "_No active session to end._" });
  await bridge.backend.end(here.sessionId, `ended by ${user} in Slack`, patiently(bridge, job));
  await answer({ text: "Session ended. Start a new one with `new`." }, (tx) =>
    deactivate(tx, here, "ended"),
  );
};
