/**
 * One session, told to one client for as long as it looks at it:
 *
 *   watching -- the connection to the backend breaks --> away
 *   away     -- the backend answers again            --> watching, from a new snapshot
 *   either   -- the session is dead                  --> over: its transcript, then nothing more
 */
import { setTimeout as delay } from "node:timers/promises";
import { ExponentialBackoff } from "cockatiel";
import { BackendError, isDead, type Session } from "../../backend/index.js";
import { Streak } from "../../troubles.js";
import type { WebContext } from "../context.js";
import {
  asideJson,
  lostSessionJson,
  type SessionJson,
  sessionJson,
  turnEventJson,
  turnJson,
} from "../json.js";
import { letGo } from "../sessions.js";
import type { Aside } from "../store/asides.js";
import type { SessionMapping } from "../store/mappings.js";
import { newestTurns, type Stretch } from "../transcript.js";
import { isFinal, isStale, overlay } from "./overlay.js";
import type { EventStream } from "./sse.js";

/** How many turns a snapshot has. */
const NEWEST = 100;
const BACKOFF = new ExponentialBackoff<unknown>({ initialDelay: 100, maxDelay: 2_000 });
/** The first failures in a row are most likely a restart, over before anybody can read of it. */
const QUIET_FAILURES = 2;

/** Whom it is told to, about what. */
export interface Follower {
  mapping: SessionMapping;
  stream: EventStream;
  /** Ends it. */
  signal: AbortSignal;
}

/** Tells the session until it is dead or the signal is aborted. */
export async function followSession(context: WebContext, follower: Follower): Promise<void> {
  const { mapping, stream, signal } = follower;
  const { session_id: id } = mapping;
  const streak = new Streak(context.logger, `tell a browser of the session ${id}`);
  let failures = 0;
  let backoff = BACKOFF.next();
  const progress = () => {
    failures = 0;
    backoff = BACKOFF.next();
    streak.succeeded();
  };
  while (!signal.aborted) {
    try {
      if (await watch(context, follower, progress)) return;
    } catch (error) {
      if (signal.aborted) return;
      // That the backend is away, the feed of endings tells, once for all browsers.
      const away = error instanceof BackendError && error.kind === "transient";
      if (away) context.logger.debug({ err: error, session: id }, "a watch broke");
      else streak.failed(error);
      failures += 1;
      if (failures === QUIET_FAILURES + 1) await stream.send("trouble", TROUBLE);
    }
    await delay(backoff.duration, undefined, { signal }).catch(() => {});
    backoff = backoff.next(undefined);
  }
}

const TROUBLE = { message: "The agent service cannot be reached. Trying again." };

/** One watch. Returns whether the session is over; it is not when the watch merely ended. */
async function watch(
  context: WebContext,
  { mapping, stream, signal }: Follower,
  progress: () => void,
): Promise<boolean> {
  const id = mapping.session_id;
  const finals = new Set<number>();
  try {
    for await (const { event } of context.backend.watch(id, { signal })) {
      if (event?.$case === "snapshot") {
        // Read after the watch was opened, so that nothing falls between the two.
        const { turns, hasMore } = await newest(context, id, signal);
        for (const turn of turns) if (isFinal(turn)) finals.add(turn.seq);
        const { session, openTurns } = event.value;
        const stretch = { turns: overlay(turns, openTurns), hasMore };
        const asides = await context.asides.beside(mapping.user_id, id, stretch, true);
        await stream.send("snapshot", snapshot(session && sessionJson(session), stretch, asides));
      } else if (event?.$case === "turn" && !isStale(event.value, finals)) {
        const told = turnEventJson(event.value);
        if (told) await stream.send("turn", told);
      } else if (event?.$case === "ended") {
        await letGo(context, id);
        await stream.send("ended", { session: sessionJson(event.value) });
        return true;
      }
      progress();
    }
    return false;
  } catch (error) {
    if (!isDead(error)) throw error;
    await letGo(context, id);
    await tellDead(context, { mapping, stream, signal });
    return true;
  }
}

/** The last snapshot of a session that can be read but not watched any more, or not even read. */
async function tellDead(context: WebContext, { mapping, stream, signal }: Follower): Promise<void> {
  const id = mapping.session_id;
  let session: Session | undefined;
  let stretch: Stretch = { turns: [], hasMore: false };
  try {
    session = await context.backend.get(id, { signal });
    stretch = await newest(context, id, signal);
  } catch (error) {
    if (!isDead(error)) throw error;
  }
  const json = session ? sessionJson(session) : lostSessionJson(mapping);
  const asides = await context.asides.beside(mapping.user_id, id, stretch, true);
  await stream.send("snapshot", snapshot(json, stretch, asides));
}

function newest({ backend }: WebContext, id: string, signal: AbortSignal): Promise<Stretch> {
  return newestTurns(backend, id, { limit: NEWEST }, { signal });
}

function snapshot(session: SessionJson | undefined, { turns, hasMore }: Stretch, asides: Aside[]) {
  return {
    session: session ?? null,
    turns: turns.map(turnJson),
    memories: asides.map(asideJson),
    has_more: hasMore,
  };
}
