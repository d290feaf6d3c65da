import { SessionState } from "../../backend/index.js";
import { deactivate, listActive } from "../mappings/store.js";
import { escapeText } from "../text/escape.js";
import type { Bridge } from "../work/bridge.js";
import type { Command, CommandRequest } from "./command.js";
import { endSession, mayNotEnd } from "./ending.js";
import { doubt, seenSessions } from "./seen.js";

/** How many that match one beginning are named. */
const SHOWN = 5;

/** `end <id>...` and `end all`: ends sessions from anywhere; their conversations are told. */
export const endNamed: Command = async (bridge, request) => {
  const { job, place, user, args, answer } = request;
  const lines: string[] = [];
  if (args[0] === "all") {
    lines.push(await endAll(bridge, request));
  } else {
    for (const target of args) {
      const found = await find(bridge, request, target);
      if ("text" in found) {
        lines.push(found.text);
        continue;
      }
      const { sessionId } = found;
      const refusal = await mayNotEnd(bridge, user, { team: place.team, sessionId });
      if (refusal === undefined) await endSession(bridge, request, sessionId);
      lines.push(refusal ?? `Session \`${sessionId.slice(0, 8)}\` ended.`);
    }
  }
  // A failure on the way leaves the rest to the next attempt at this job, which finds some ended.
  job.signal.throwIfAborted();
  await answer({ text: lines.join("\n") });
};

/** Ends all that the user began, and lets go of all that they entered. Returns what is said of it. */
async function endAll(bridge: Bridge, request: CommandRequest): Promise<string> {
  const { place, user } = request;
  const own = await listActive(bridge.pool, { team: place.team, user });
  const begun = new Set(own.filter((each) => each.begun).map(({ sessionId }) => sessionId));
  const entered = own.filter(({ sessionId }) => !begun.has(sessionId));
  for (const sessionId of begun) await endSession(bridge, request, sessionId);
  for (const mapping of entered) await deactivate(bridge.pool, mapping, "ended");
  const said = [
    ...(begun.size > 0 ? [`Ended ${begun.size} of your sessions.`] : []),
    ...(entered.length > 0 ? [`Left ${entered.length} that others began.`] : []),
  ];
  return said.join(" ") || "_No active session to end._";
}

/** The one session that the user sees, can be ended, and begins so. */
async function find(
  bridge: Bridge,
  { job, place, user }: CommandRequest,
  target: string,
): Promise<{ sessionId: string } | { text: string }> {
  const view = bridge.policy.viewOf(place.team, user);
  const ids: string[] = [];
  let over = false;
  for await (const { session } of seenSessions(bridge, job, view, { idPrefix: target })) {
    if (session.state !== SessionState.ACTIVE) over = true;
    else if (ids.push(session.sessionId) > SHOWN) break;
  }
  const shown = escapeText(target);
  const [sessionId, another] = ids;
  if (sessionId === undefined) {
    const text = over
      ? `Session \`${shown}\` has ended already.`
      : `Session not found: \`${shown}\``;
    return { text: text + doubt(view) };
  }
  if (another === undefined) return { sessionId };
  const some = ids.slice(0, SHOWN).map((id) => `\`${id.slice(0, 12)}\``);
  return { text: `Multiple sessions match \`${shown}\`. Be more specific: ${some.join(", ")}` };
}
