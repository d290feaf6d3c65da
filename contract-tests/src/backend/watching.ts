import assert from "node:assert/strict";
import type { Session, Snapshot, TurnEvent, WatchResponse } from "@amp/proto";
import type { BackendSubject } from "./subject.js";

/** A watch that has begun. */
export interface OpenWatch {
  /** How the session stood. */
  snapshot: Snapshot;
  /** Resolves when the watch is over. @throws what it failed with. */
  told: Promise<Watched>;
}

/** What a watch told after its snapshot. Kinds of events that a later version has are ignored. */
interface Watched {
  turns: TurnEvent[];
  /** The session as the last event held it, if the watch ended so. */
  ended: Session | undefined;
}

/** A backend that forgets to tell or to end must not keep the suite for ever. */
export const LONGEST_WATCH_MS = 60_000;

/** Watches a session; returns with the snapshot, which has to come first. */
export async function openWatch({ client }: BackendSubject, sessionId: string): Promise<OpenWatch> {
  const stream = client.watch({ sessionId }, { timeout: LONGEST_WATCH_MS });
  const first = await stream.next();
  const event = first.value?.event;
  if (event?.$case !== "snapshot") assert.fail(`a watch began with ${event?.$case}`);
  const told = follow(stream);
  // Whoever does not wait for the end of the watch does not ask how it ended.
  told.catch(() => {});
  return { snapshot: event.value, told };
}

async function follow(stream: AsyncIterable<WatchResponse>): Promise<Watched> {
  const watched: Watched = { turns: [], ended: undefined };
  for await (const { event } of stream) {
    assert.equal(watched.ended, undefined, `${event?.$case} came after ended`);
    if (event?.$case === "turn") watched.turns.push(event.value);
    else if (event?.$case === "ended") watched.ended = event.value;
    else assert.notEqual(event?.$case, "snapshot", "a watch told a second snapshot");
  }
  return watched;
}
