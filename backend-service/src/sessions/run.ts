/**
 * One run of a turn on the replica that owns its session.
 *
 * That a run begins is stored before the agent hears of it. Two things follow. A turn of
 * an agent that may act on the world is never run twice. And a turn whose runs bring
 * their process down is given up as interrupted, instead of bringing down one replica
 * after the other: it has three runs. What does not count is a run that this replica gave
 * up while it lives, by a drain, a stop or a lost lease (`LostRuns` takes it back), and
 * one that was lost while its turn waited for people (the next begin does not count it).
 */
import { storable } from "@amp/postgres";
import type { Logger } from "pino";
import type { Agent, Question } from "../agents/agent.js";
import type { NewApproval } from "../store/approvals.js";
import type { Approval, Claim, Failure, FinalState } from "../store/model.js";
import type { Begun } from "../store/turns.js";
import { SessionError } from "./errors.js";
import type { TurnEvent } from "./events.js";
import type { LiveTurn } from "./live-turn.js";
import { type Seat, toAgentError } from "./prompt.js";
import type { Room, Taken } from "./room.js";
import { promptInTime, type TurnTimes } from "./turn-times.js";

/** A turn that is to have more runs than these is given up. */
const MAX_RUNS = 3;

const GIVEN_UP =
  `The service stopped ${MAX_RUNS} times while it worked on this message, so it was given up. ` +
  "Please put it differently.";
const MAY_HAVE_ACTED =
  "This turn was interrupted by a crash. The agent may have acted already, so it was not run again.";

/** What a run needs of the engine. */
export interface RunContext extends TurnTimes {
  /** For turns at work on this replica: one each, but for those that wait for people. */
  places: Room;
  /** Stores that a run of a turn begins; undefined when it is not this owner's to begin. */
  begin: (claim: Claim, seq: number, signal: AbortSignal) => Promise<Begun | undefined>;
  /** A run that was begun is given up, and not lost with its process. */
  giveBack: (sessionId: string, seq: number) => void;
  /** Stores a question, or finds it stored; undefined when it is not this owner's to ask. */
  ask: (claim: Claim, asked: NewApproval) => Promise<Approval | undefined>;
  logger: Logger;
}

/** Whose turn it is. */
export interface TurnOwner {
  claim: Claim;
  /** Whether the turn is still open and this replica's. */
  has: (turn: LiveTurn) => boolean;
  tell: (event: TurnEvent) => void;
}

/** How a run came to its end: how the turn is to be finished, or that it is none of this replica's any more. */
export type RunEnd = { state: FinalState; failure?: Failure } | "lost";

/** A place among the turns at work; undefined when the signal is aborted first. */
export async function findPlace(places: Room, ...until: AbortSignal[]): Promise<Taken | undefined> {
  return places.takeNow(1) ?? places.take(1, AbortSignal.any(until)).catch(() => undefined);
}

/** Why an agent is not given the turn at all; undefined when it is. */
export function refusal(turn: LiveTurn, { agent: name }: Claim, agent?: Agent): RunEnd | undefined {
  if (!agent) {
    const message = `The agent "${name}" of this session is not configured.`;
    return { state: "failed", failure: { kind: "misconfigured", message } };
  }
  return turn.stored.begun && !agent.repeatable ? interrupted(MAY_HAVE_ACTED) : undefined;
}

/** Begins a run of the turn, and prompts its agent. Never rejects. */
export async function runTurn(
  context: RunContext,
  owner: TurnOwner,
  turn: LiveTurn,
  seat: Seat,
): Promise<RunEnd> {
  const { sessionId } = owner.claim;
  const fields = { sessionId, seq: turn.seq };
  try {
    const begun = turn.begun ? { runs: 1, ms: 0 } : await begin(context, owner, turn);
    if (!begun) return "lost";
    if (begun.runs > MAX_RUNS) {
      context.logger.error(fields, "a turn ended its process again and again, and is given up");
      return interrupted(GIVEN_UP);
    }
    await promptInTime({
      turn,
      seat,
      times: context,
      spentMs: begun.ms,
      onEvent: (event) => {
        const told = turn.tell(event);
        if (told && owner.has(turn)) owner.tell(told);
      },
      onAsk: (question, signal) => ask(context, owner, turn, question, signal),
    });
    return turn.cancelled ? { state: "cancelled" } : { state: "completed" };
  } catch (thrown) {
    if (!owner.has(turn)) return "lost";
    if (turn.cancelled) return { state: "cancelled" };
    const error = toAgentError(thrown);
    const { kind, message } = error;
    context.logger.warn({ ...fields, err: error, kind }, "a turn failed");
    return { state: "failed", failure: { kind, message: storable(message) } };
  }
}

function interrupted(message: string): RunEnd {
  return { state: "interrupted", failure: { kind: "interrupted", message } };
}

async function begin(
  context: RunContext,
  owner: TurnOwner,
  turn: LiveTurn,
): Promise<Begun | undefined> {
  const { claim } = owner;
  const begun = await context.begin(claim, turn.seq, turn.stop.signal);
  if (begun && owner.has(turn)) {
    turn.begun = true;
    turn.stop.signal.throwIfAborted();
    return begun;
  }
  if (begun) context.giveBack(claim.sessionId, turn.seq);
  return undefined;
}

/** Stores a question, tells of it, and waits for the answer, without a place among the turns at work. */
async function ask(
  context: RunContext,
  { claim, has, tell }: TurnOwner,
  turn: LiveTurn,
  question: Question,
  signal: AbortSignal,
): Promise<string> {
  const approval = await context.ask(claim, turn.ask(question));
  if (!approval || !has(turn)) throw new SessionError("lease_lost", claim.sessionId);
  if (turn.questions.note(approval)) tell({ seq: turn.seq, type: "asked", approval });
  if (approval.decision) return approval.decision.optionId;
  turn.asking++;
  turn.place?.[Symbol.dispose]();
  try {
    return await turn.questions.answer(approval.approvalId, signal);
  } finally {
    turn.asking--;
    // Nobody waits in vain: the signal is aborted when the turn is over.
    if (turn.asking === 0 && !signal.aborted) turn.place = await context.places.take(1, signal);
  }
}
