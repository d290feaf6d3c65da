import { AgentError, type AgentEvent, type Question } from "../agents/agent.js";
import type { LiveTurn } from "./live-turn.js";
import type { Seat } from "./prompt.js";
import { Silence } from "./silence.js";

/** How much of a turn's time a run that begins late has at least. */
const LEAST_SHARE = 1 / 10;

/** How long a turn may take; milliseconds. */
export interface TurnTimes {
  /** From its first begin to its end. */
  turnTimeoutMs: number;
  /** Without a word of the agent, unless it waits for people or uses a tool. */
  silenceMs: number;
  /** How long an agent has to stop when told to. */
  stopGraceMs: number;
}

/** How an agent is prompted. */
export interface Prompted {
  turn: LiveTurn;
  seat: Seat;
  times: TurnTimes;
  /** How long ago the first run of the turn began, in milliseconds. */
  spentMs: number;
  onEvent: (event: AgentEvent) => void;
  onAsk: (question: Question, signal: AbortSignal) => Promise<string>;
}

/**
 * Prompts the agent with the turn's message, and stops it when it is out of time.
 *
 * The time of a turn counts from its first begin, so that a turn that is handed over
 * again and again ends as well. But it also goes by while no replica is there to run
 * it: a run that begins late, as after an outage, has a tenth of it at least.
 *
 * @throws whatever the agent throws, AgentError when it was out of time
 */
export async function promptInTime(prompted: Prompted): Promise<void> {
  const { turn, seat, times, spentMs, onEvent, onAsk } = prompted;
  const { turnTimeoutMs, silenceMs, stopGraceMs } = times;
  let late: AgentError | undefined;
  const stop = (text: string) => {
    late = new AgentError("timeout", text);
    turn.stop.abort();
  };
  const left = Math.max(turnTimeoutMs - spentMs, turnTimeoutMs * LEAST_SHARE);
  const timer = setTimeout(() => stop("The turn took too long and was stopped."), left);
  using silence = new Silence(
    silenceMs,
    () => turn.questions.waiting || turn.usesTool || seat.reading,
    () => stop(`The agent said nothing for ${inWords(silenceMs)} and was stopped.`),
  );
  try {
    await seat.prompt(turn.stored.message, {
      signal: turn.stop.signal,
      graceMs: stopGraceMs,
      onRead: () => silence.heard(),
      onEvent: (event) => {
        silence.heard();
        onEvent(event);
      },
      onAsk: async (question, signal) => {
        try {
          return await onAsk(question, signal);
        } finally {
          silence.heard();
        }
      },
    });
  } catch (thrown) {
    throw late ?? thrown;
  } finally {
    clearTimeout(timer);
  }
  if (late) throw late;
}

function inWords(ms: number): string {
  if (ms >= 120_000) return `${Math.round(ms / 60_000)} minutes`;
  return ms >= 2_000 ? `${Math.round(ms / 1_000)} seconds` : `${ms} ms`;
}
