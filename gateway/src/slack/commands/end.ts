import { BackendError } from "../../backend/index.js";
import { isDirectMessage } from "../keys.js";
import {
  deactivate,
  findMapping,
  listActive,
  type Mapping,
  noteEnding,
} from "../mappings/store.js";
import { type Bridge, patiently } from "../work/bridge.js";
import type { Command, CommandRequest } from "./command.js";
import { endNamed } from "./end-named.js";
import { endedBy, mayNotEnd } from "./ending.js";
import { mappingLines } from "./lines.js";

const NONE = "_No active session to end._";

/** `end`: ends the session of this conversation. `end <id>...` and `end all` end sessions from anywhere. */
export const end: Command = async (bridge, request) => {
  if (request.args.length > 0) return endNamed(bridge, request);
  const { answer } = request;
  const here = await sessionHere(bridge, request);
  if (here === undefined) return answer({ text: NONE });
  if ("text" in here) return answer(here);
  await endHere(bridge, request, here.mapping);
};

/**
 * The session that a command means: that of its conversation; of a slash
 * command in a channel, the only one there that its user began or wrote in. A
 * text, if there are several; undefined, if there is none.
 */
export async function sessionHere(
  { pool, policy }: Bridge,
  request: Omit<CommandRequest, "args">,
): Promise<{ mapping: Mapping } | { text: string } | undefined> {
  const { job, place, user, slash } = request;
  const here = await findMapping(pool, place);
  const begun = here?.endingJob === job.id;
  if (here && (here.active || begun)) return { mapping: here };
  if (!slash || place.thread !== null || isDirectMessage(place.channel)) return undefined;
  const { team, channel } = place;
  const all = await listActive(pool, { team, channel });
  // Also the one whose end an earlier attempt at this command began.
  const own = all.filter(({ createdBy, writers }) => createdBy === user || writers.includes(user));
  const [only, another] = own;
  if (!only) return undefined;
  if (!another) return { mapping: only };
  const lines = await mappingLines(policy.viewOf(team, user), request, own);
  return {
    text: ["_Which one? Use `end` with an id, or mention me in its thread._", ...lines].join("\n"),
  };
}

/** Ends the session of one conversation, and says so; not, where it is not the user's to end. */
async function endHere(bridge: Bridge, request: CommandRequest, mapping: Mapping): Promise<void> {
  const { job, user, answer } = request;
  const { pool, backend } = bridge;
  const refusal = await mayNotEnd(bridge, user, mapping);
  if (refusal) return answer({ text: refusal });
  await noteEnding(pool, mapping.id, job.id);
  try {
    await backend.end(mapping.sessionId, endedBy(user), patiently(bridge, job));
  } catch (error) {
    // Told now and not tried again; any other failure is.
    if (error instanceof BackendError) await noteEnding(pool, mapping.id, null);
    throw error;
  }
  await answer({ text: "Session ended. Start a new one with `new`." }, (tx) =>
    deactivate(tx, mapping, "ended"),
  );
}
