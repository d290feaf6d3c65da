/**
 * The turn engine of one replica.
 *
 * Everything durable is in PostgreSQL before anybody is told of it: a turn is
 * accepted in one commit and its end stored in another. What runs, and who
 * listens, is in memory, one `Lane` a session. A crash loses the lanes; whoever
 * owns the session next - this replica after a restart, or another one when the
 * lease is over - finds the open turns by its sweep and runs them.
 */
import { isUniqueViolation } from "@amp/postgres";
import type pg from "pg";
import type { Logger } from "pino";
import type { Agent } from "../agents/agent.js";
import type { Claim, Session, Turn } from "../store/model.js";
import { claim, orphans, strayed } from "../store/ownership.js";
import { endSession, findSession } from "../store/sessions.js";
import { acceptTurn, findTurn, history, type NewTurn, openTurns } from "../store/turns.js";
import { SessionError } from "./errors.js";
import { finalEvent, type SessionEvent, type TurnEvent } from "./events.js";
import { Finisher } from "./finisher.js";
import { Lane, type LaneContext } from "./lane.js";
import type { Lease } from "./lease.js";
import { aliveSession, diagnoseRefusal, refuseOwnedElsewhere } from "./lookup.js";
import type { Mailbox } from "./mailbox.js";
import { onceAvailable } from "./retry.js";

/** What the engine is made of. */
export interface EngineOptions {
  pool: pg.Pool;
  lease: Lease;
  agents: ReadonlyMap<string, Agent>;
  /** Open turns that a session may have. */
  queueLimit: number;
  turnTimeoutMs: number;
  stopGraceMs: number;
  logger: Logger;
}

/** How a session stands when somebody begins to watch it; then what happens. */
export type WatchEvent = SessionEvent | { type: "snapshot"; session: Session; openTurns: Turn[] };

/** Tries of an acceptance that met a change of ownership. */
const ACCEPT_ATTEMPTS = 3;
const DRAIN_POLL_MS = 20;

export class Engine {
  #lanes = new Map<string, Lane>();
  #draining = false;
  readonly #stopped = new AbortController();
  readonly #finisher: Finisher;
  readonly #laneContext: LaneContext;

  constructor(private readonly options: EngineOptions) {
    const { pool, lease, logger } = options;
    this.#finisher = new Finisher(pool, lease.replicaId, logger);
    this.#laneContext = {
      ...options,
      history: (sessionId) => onceAvailable(() => history(pool, sessionId), this.#stopped.signal),
      finish: this.#finisher.finish,
      onQuiet: (lane) => {
        const known = this.#lanes.get(lane.sessionId);
        if (known === lane && lane.superfluous) this.#lanes.delete(lane.sessionId);
      },
    };
  }

  /**
   * Runs a turn, or joins the one that the same request began, and tells it from
   * its beginning; the last event is final. Ends early when the signal is
   * aborted, and the turn goes on.
   * @throws SessionError
   */
  async *send(turn: NewTurn, signal: AbortSignal): AsyncGenerator<TurnEvent, void, undefined> {
    const joined = await this.#join(turn);
    if ("stored" in joined) {
      const { stored } = joined;
      yield { seq: stored.seq, type: "started", turn: stored };
      yield finalEvent(stored);
      return;
    }
    using listener = joined.listener;
    yield joined.opening;
    for await (const event of untilAborted(listener.mailbox, signal)) {
      if (event.type === "ended") return;
      yield event;
    }
  }

  /**
   * Tells what happens in a session: a snapshot, then events, until the session
   * ends or the signal is aborted.
   * @throws SessionError
   */
  async *watch(
    sessionId: string,
    signal: AbortSignal,
  ): AsyncGenerator<WatchEvent, void, undefined> {
    this.#refuseWhenDraining(sessionId);
    const lane = this.#lane(sessionId);
    using listener = lane.listen();
    const session = await aliveSession(this.options.pool, sessionId);
    await this.#recoverUnlessBusy(session);
    // No wait between these two, so that no event is lost or told twice.
    listener.mailbox.clear();
    yield { type: "snapshot", session, openTurns: lane.snapshot() };
    yield* untilAborted(listener.mailbox, signal);
  }

  /**
   * Cancels a turn; 0 is the one that runs.
   * @returns whether there was something to cancel, once that is stored.
   * @throws SessionError
   */
  async cancel(sessionId: string, seq: number): Promise<boolean> {
    this.#refuseWhenDraining(sessionId);
    const session = await aliveSession(this.options.pool, sessionId);
    await this.#recoverUnlessBusy(session);
    return (await this.#lanes.get(sessionId)?.cancel(seq)) ?? false;
  }

  /** Ends a session, whoever owns it. @returns whether this call did. */
  async end(sessionId: string, reason: string): Promise<boolean> {
    const { ended, session } = await endSession(this.options.pool, sessionId, reason);
    if (session) await this.#ended(session);
    return ended;
  }

  /** To be called when a session may have ended on another replica. */
  async heardEnd(sessionId: string): Promise<void> {
    if (!this.#lanes.has(sessionId)) return;
    const session = await findSession(this.options.pool, sessionId);
    if (session?.state === "ended") await this.#ended(session);
  }

  /** The open turns of a session that run or wait here, as they stand now. */
  live(sessionId: string): Turn[] {
    return this.#lanes.get(sessionId)?.snapshot() ?? [];
  }

  /** Takes over what nobody runs, and lets go of what ended or changed hands unheard. */
  async sweep(): Promise<void> {
    const { pool, lease, logger } = this.options;
    if (this.#draining || !lease.held) return;
    const busy = [...this.#lanes.values()]
      .filter((lane) => lane.busy)
      .map((each) => each.sessionId);
    for (const sessionId of await orphans(pool, lease.replicaId, busy)) {
      await this.#recover(sessionId).catch((error: unknown) =>
        logger.warn({ err: error, sessionId }, "cannot take a session over yet"),
      );
    }
    for (const sessionId of await strayed(pool, [...this.#lanes.keys()], lease.replicaId)) {
      const session = await findSession(pool, sessionId);
      if (session?.state === "ended") await this.#ended(session);
      else this.#lanes.get(sessionId)?.close(new SessionError("owned_elsewhere", sessionId));
    }
  }

  /** Stops all work at once: others may own the sessions now. */
  abandon(kind: "lease_lost" | "draining"): void {
    for (const lane of [...this.#lanes.values()])
      lane.close(new SessionError(kind, lane.sessionId));
  }

  /**
   * Accepts nothing more, lets running turns end for up to `graceMs`, and leaves
   * what is then still open to whoever owns the session next.
   */
  async drain(graceMs: number): Promise<void> {
    this.#draining = true;
    for (const lane of [...this.#lanes.values()]) lane.drain();
    const deadline = performance.now() + graceMs;
    while (performance.now() < deadline && [...this.#lanes.values()].some((lane) => lane.working)) {
      await new Promise((resolve) => setTimeout(resolve, DRAIN_POLL_MS));
    }
    this.abandon("draining");
    this.#finisher.stop();
    this.#stopped.abort();
  }

  #refuseWhenDraining(sessionId: string): void {
    if (this.#draining) throw new SessionError("draining", sessionId);
  }

  #lane(sessionId: string): Lane {
    let lane = this.#lanes.get(sessionId);
    if (!lane) {
      lane = new Lane(sessionId, this.#laneContext);
      this.#lanes.set(sessionId, lane);
    }
    return lane;
  }

  /** Tells of a session's end, after the ends of turns that were stored before it. */
  async #ended(session: Session): Promise<void> {
    await this.#finisher.settled(session.sessionId);
    this.#lanes.get(session.sessionId)?.end(session);
  }

  /** Keeps a lane while a turn is on its way into it. */
  #hold(sessionId: string): Disposable & { lane: Lane } {
    const lane = this.#lane(sessionId);
    lane.holds++;
    return {
      lane,
      [Symbol.dispose]: () => {
        lane.holds--;
        this.#laneContext.onQuiet(lane);
      },
    };
  }

  async #join(turn: NewTurn): Promise<Joined> {
    const { pool, lease, queueLimit } = this.options;
    const { sessionId } = turn;
    for (let attempt = 0; attempt < ACCEPT_ATTEMPTS; attempt++) {
      this.#refuseWhenDraining(sessionId);
      using hold = this.#hold(sessionId);
      const accepted = await acceptTurn(pool, lease.replicaId, turn, queueLimit).catch((error) => {
        if (isUniqueViolation(error, "turns_request")) return undefined;
        throw error;
      });
      if (accepted) {
        this.#refuseWhenDraining(sessionId);
        if (hold.lane.closed) return this.#lost(sessionId);
        const { seq } = accepted.turn;
        if (!hold.lane.admit(accepted.turn, accepted.claim)) {
          await this.#adopt(hold.lane, accepted.claim, seq);
        }
        return this.#listen(hold.lane, seq);
      }
      const known = await diagnoseRefusal(pool, turn, lease.replicaId, queueLimit);
      if (known) {
        if (!known.finishedAt && !hold.lane.turn(known.seq)) await this.#recover(sessionId);
        return this.#listen(hold.lane, known.seq);
      }
      await lease.renew();
    }
    return this.#lost(sessionId);
  }

  async #listen(lane: Lane, seq: number): Promise<Joined> {
    const { sessionId } = lane;
    const live = lane.turn(seq);
    if (live) return { listener: lane.listen(seq), opening: live.opening() };
    const stored = await findTurn(this.options.pool, sessionId, seq);
    if (!stored?.finishedAt) return this.#lost(sessionId);
    // A session's end cancels its turns, and then counts for more.
    if (stored.state === "cancelled") await aliveSession(this.options.pool, sessionId);
    return { stored };
  }

  /** @throws SessionError: the session is dead, or this replica lost it. */
  async #lost(sessionId: string): Promise<never> {
    await aliveSession(this.options.pool, sessionId);
    throw new SessionError("lease_lost", sessionId);
  }

  /** Makes sure that the open turns of the session run here. */
  async #recoverUnlessBusy({ sessionId, openTurns: open }: Session): Promise<void> {
    const { pool, lease } = this.options;
    await refuseOwnedElsewhere(pool, sessionId, lease.replicaId);
    if (open > 0 && !this.#lanes.get(sessionId)?.busy) await this.#recover(sessionId);
  }

  /** Takes the session, if it may be taken, and runs its open turns. */
  async #recover(sessionId: string): Promise<void> {
    await this.#finisher.settled(sessionId);
    using hold = this.#hold(sessionId);
    const claimed = await claim(this.options.pool, sessionId, this.options.lease.replicaId);
    if (claimed) await this.#adopt(hold.lane, claimed);
  }

  async #adopt(lane: Lane, claimed: Claim, fresh?: number): Promise<void> {
    const turns = await openTurns(this.options.pool, lane.sessionId);
    if (lane.closed) return this.#lost(lane.sessionId);
    lane.adopt(turns, claimed, fresh);
  }
}

/** Either the end of a turn, or how it stands and who tells the rest. */
type Joined =
  | { stored: Turn }
  | { listener: Disposable & { mailbox: Mailbox }; opening: TurnEvent };

async function* untilAborted(
  mailbox: Mailbox,
  signal: AbortSignal,
): AsyncGenerator<SessionEvent, void, undefined> {
  const stop = () => mailbox.end();
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  try {
    yield* mailbox;
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
