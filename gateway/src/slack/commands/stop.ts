import { isDead, SessionState, TurnState } from "../../backend/index.js";
import { Postponed } from "../inbox/job.js";
import { unansweredBefore } from "../inbox/store.js";
import { placeKey } from "../keys.js";
import { type Mapping, touchStopped, turnEndedAfter } from "../mappings/store.js";
import { patiently } from "../work/bridge.js";
import type { Command, CommandRequest } from "./command.js";
import { end, sessionHere } from "./end.js";
import { mayNotEnd } from "./ending.js";
import type { Leaving } from "./leaving.js";

/** A message that was written before the stop is given so long to reach the agent, in milliseconds; it is looked for again and again. */
const ARRIVAL_MS = 5_000;
const LOOK_AGAIN_MS = 100;
/** The most that the contract lists in one call. */
const MOST_TURNS = 200;

/** What a stop found. */
type Found = "stopped" | "over" | "waiting" | "idle";

/** Does what somebody who wants to leave asks for. */
export function leave({ what, of }: Leaving): Command {
  return (bridge, request) =>
    what === "end" ? end(bridge, { ...request, args: of }) : stop(bridge, request, what);
}

/**
 * `stop`: stops the turn that runs in this conversation's session, or that was
 * about to; what waits behind it goes on. Where none runs, the session is ended,
 * unless the turn that was meant ended by itself in the meantime.
 */
async function stop(
  bridge: Parameters<Command>[0],
  request: CommandRequest,
  what: "turn" | "stop",
): Promise<void> {
  const { user, answer } = request;
  const found = await sessionHere(bridge, request);
  if (found === undefined || "text" in found || !found.mapping.active) {
    return end(bridge, { ...request, args: [] });
  }
  const here = found.mapping;
  const refusal = await mayNotEnd(bridge, user, here);
  if (refusal) return answer({ text: refusal });
  const ending = `\`@${bridge.config.botName} end\` ends the session.`;
  switch (await stopTurn(bridge, request, here)) {
    case "stopped":
      return answer({ text: `Stopped. The session goes on; ${ending}` });
    case "over":
      return answer({ text: `_Nothing to stop any more: that answer is there._ ${ending}` });
    case "waiting":
      return answer({ text: `_Nothing runs now; messages wait to be sent._ ${ending}` });
    case "idle":
      if (what === "turn") return answer({ text: `_Nothing runs now._ ${ending}` });
      return end(bridge, { ...request, args: [] });
  }
}

async function stopTurn(
  bridge: Parameters<Command>[0],
  { job }: CommandRequest,
  here: Mapping,
): Promise<Found> {
  const { backend, pool } = bridge;
  const { sessionId } = here;
  const call = patiently(bridge, job);
  try {
    const { state, openTurns } = await backend.get(sessionId, call);
    if (state === SessionState.ENDED) return "idle";
    if (openTurns > 0) {
      const pageSize = Math.min(openTurns, MOST_TURNS);
      const { turns } = await backend.listTurns({ sessionId, newestFirst: true, pageSize }, call);
      const open = turns.filter(({ state }) => OPEN.has(state));
      const first = open.at(-1);
      if (first && (await backend.cancel(sessionId, first.seq, call))) {
        await touchStopped(pool, here.id);
        return "stopped";
      }
    }
  } catch (error) {
    // The end of the session finds that out, too, and tells it.
    if (isDead(error)) return "idle";
    throw error;
  }
  const { count, age } = await unansweredBefore(pool, placeKey(here), job.id);
  if (count > 0 && age < ARRIVAL_MS) {
    throw new Postponed(
      LOOK_AGAIN_MS,
      "A message that the stop is for is on its way to the agent.",
    );
  }
  if (count > 0) return "waiting";
  return (await turnEndedAfter(pool, here.id, job.id)) ? "over" : "idle";
}

const OPEN: ReadonlySet<TurnState> = new Set([TurnState.RUNNING, TurnState.QUEUED]);
