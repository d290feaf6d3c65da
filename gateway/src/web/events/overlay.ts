/**
 * A watch and the transcript tell of the same turns, the transcript a moment
 * later. Whatever it has as final is final; whatever is open is as the watch
 * tells it, since the watch's deltas go on from there.
 */
import { type Turn, type TurnEvent, TurnState } from "../../backend/index.js";

/** Whether nothing more can happen in the turn. */
export function isFinal({ state }: Turn): boolean {
  return state !== TurnState.QUEUED && state !== TurnState.RUNNING;
}

/** The transcript with the watch's open turns in it, by seq. */
export function overlay(transcript: Turn[], open: Turn[]): Turn[] {
  const bySeq = new Map(transcript.map((turn) => [turn.seq, turn]));
  for (const turn of open) {
    const known = bySeq.get(turn.seq);
    if (!known || !isFinal(known)) bySeq.set(turn.seq, turn);
  }
  return [...bySeq.values()].sort((a, b) => a.seq - b.seq);
}

/** Whether the event tells what came before the end of a turn that was told whole. */
export function isStale({ seq, event }: TurnEvent, finals: ReadonlySet<number>): boolean {
  if (!finals.has(seq)) return false;
  return event?.$case !== "completed" && event?.$case !== "failed" && event?.$case !== "cancelled";
}
