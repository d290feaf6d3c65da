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
import type { Answer } from "../store/approvals.js";
import type { Approval, Claim, Owner, Session, Turn } from "../store/model.js";
import { claim, otherOwner } from "../store/ownership.js";
import { endSession, findSession } from "../store/sessions.js";
import { acceptTurn, findTurn, type NewTurn, openTurns } from "../store/turns.js";
import { assertDecidedBy, decide } from "./approvals.js";
import type { EngineOptions } from "./engine-options.js";
import { SessionError } from "./errors.js";
import { finalEvent, type TurnEvent, type WatchEvent } from "./events.js";
import { Finisher } from "./finisher.js";
import { handOver } from "./hand-over.js";
import type { Lane } from "./lane.js";
import { laneContext } from "./lane-context.js";
import { Lanes } from "./lanes.js";
import { aliveSession, diagnoseRefusal, refuseOwnedElsewhere } from "./lookup.js";
import { LostRuns } from "./lost-runs.js";
import type { Mailbox } from "./mailbox.js";
import { onceAvailable } from "./retry.js";
import type { Room } from "./room.js";
import { sweepSessions } from "./sweep.js";

/** Tries of an acceptance that met a change of ownership. */
const ACCEPT_ATTEMPTS = 3;
const DRAIN_POLL_MS = 20;
/** How long a stop waits for the database to hear of the runs that it gave up. */
const GIVE_BACK_MS = 2_000;

export class Engine {
  #draining = false;
  readonly #stopped = new AbortController();
  readonly #finisher: Finisher;
  readonly #lostRuns: LostRuns;
  readonly #lanes: Lanes;
  readonly #places: Room;
  /** The agents whose turns are begun as they are accepted: those that may run them again. */
  readonly #repeatable: string[];

  constructor(private readonly options: EngineOptions) {
    const { pool, lease, agents, logger } = options;
    this.#finisher = new Finisher(pool, lease.replicaId, logger);
    this.#lostRuns = new LostRuns(pool, logger);
    const { finish } = this.#finisher;
    const stopped = this.#stopped.signal;
    const context = laneContext(options, { finish, lostRuns: this.#lostRuns, stopped });
    this.#lanes = new Lanes(context);
    this.#places = context.places;
    const all = [...agents.values()];
    this.#repeatable = all.filter(({ repeatable }) => repeatable).map(({ name }) => name);
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
    for await (const event of listener.mailbox.until(signal)) {
      if (event.type === "ended") return;
      yield event;
    }
  }

  /**
   * Tells what happens in a session: a snapshot, then events, until the session
   * ends or the signal is aborted. Takes a session that nobody owns, so that its
   * next turn runs where it is watched.
   * @throws SessionError
   */
  async *watch(
    sessionId: string,
    signal: AbortSignal,
  ): AsyncGenerator<WatchEvent, void, undefined> {
    this.#refuseWhenDraining(sessionId);
    const lane = this.#lanes.get(sessionId);
    using listener = lane.listen();
    const session = await aliveSession(this.options.pool, sessionId);
    await this.#own(sessionId);
    // No wait between these two, so that no event is lost or told twice.
    listener.mailbox.clear();
    yield { type: "snapshot", session, openTurns: lane.snapshot() };
    yield* listener.mailbox.until(signal);
  }

  /**
   * Cancels a turn; 0 is the one that runs.
   * @returns whether there was something to cancel, once that is stored.
   * @throws SessionError
   */
  async cancel(sessionId: string, seq: number): Promise<boolean> {
    this.#refuseWhenDraining(sessionId);
    const session = await aliveSession(this.options.pool, sessionId);
    if (session.openTurns === 0) return false;
    await this.#own(sessionId);
    return (await this.#lanes.find(sessionId)?.cancel(seq)) ?? false;
  }

  /**
   * Answers a question of the agent; the first answer counts.
   * @throws SessionError, InvalidField, ApprovalClosed
   */
  async resolve(sessionId: string, answer: Answer): Promise<Approval> {
    this.#refuseWhenDraining(sessionId);
    const { pool, lease } = this.options;
    await aliveSession(pool, sessionId);
    const claimed = await this.#own(sessionId);
    // To the end, also without the caller: once it is stored, the agent has to hear of it.
    const store = () => decide(pool, lease.replicaId, claimed, answer);
    const approval = await onceAvailable(store, this.#stopped.signal);
    this.#lanes.find(sessionId)?.decided(approval);
    assertDecidedBy(approval, answer);
    return approval;
  }

  /** Ends a session, whoever owns it. @returns whether this call did. */
  async end(sessionId: string, reason: string): Promise<boolean> {
    const { ended, session } = await endSession(this.options.pool, sessionId, reason);
    if (session) await this.#ended(session);
    return ended;
  }

  /** To be called when a session may have ended on another replica. */
  async heardEnd(sessionId: string): Promise<void> {
    if (!this.#lanes.find(sessionId)) return;
    const session = await findSession(this.options.pool, sessionId);
    if (session?.state === "ended") await this.#ended(session);
  }

  /** The replica that runs the session's turns, if it is another one. */
  otherOwner(sessionId: string): Promise<Owner | undefined> {
    return otherOwner(this.options.pool, sessionId, this.options.lease.replicaId);
  }

  /** The open turns of a session that run or wait here, as they stand now. */
  live(sessionId: string): Turn[] {
    return this.#lanes.find(sessionId)?.snapshot() ?? [];
  }

  /**
   * Takes over what nobody runs, and lets go of what ended or changed hands unheard.
   * Goes no further once the signal is aborted or the lease lost.
   */
  sweep(signal: AbortSignal): Promise<void> {
    const { pool, lease, logger } = this.options;
    return sweepSessions({
      pool,
      replicaId: lease.replicaId,
      lanes: this.#lanes,
      over: () => signal.aborted || this.#draining || !lease.held,
      recover: (sessionId) => this.#recover(sessionId),
      ended: (session) => this.#ended(session),
      logger,
    });
  }

  /** Stops all work at once: others may own the sessions now. */
  abandon(kind: "lease_lost" | "draining"): void {
    for (const lane of this.#lanes.all()) lane.close(new SessionError(kind, lane.sessionId));
  }

  /**
   * Accepts nothing more, lets running turns end for up to `graceMs`, and leaves
   * every session to its next owner as soon as nothing of it runs here.
   */
  async drain(graceMs: number): Promise<void> {
    const { pool, lease, logger } = this.options;
    this.#draining = true;
    for (const lane of this.#lanes.all()) lane.drain();
    await lease.retire().catch((error: unknown) => {
      logger.warn({ err: error }, "cannot tell the others of the drain yet");
    });
    const deadline = performance.now() + graceMs;
    while (performance.now() < deadline && this.#lanes.all().some((lane) => lane.working)) {
      await handOver(this.#lanes.all(), pool, lease.replicaId, logger);
      await new Promise((resolve) => setTimeout(resolve, DRAIN_POLL_MS));
    }
    this.abandon("draining");
    await this.#lostRuns.stop(GIVE_BACK_MS);
    this.#finisher.stop();
    this.#stopped.abort();
  }

  #refuseWhenDraining(sessionId: string): void {
    if (this.#draining) throw new SessionError("draining", sessionId);
  }

  /** Tells of a session's end, after the ends of turns that were stored before it. */
  async #ended(session: Session): Promise<void> {
    await this.#finisher.settled(session.sessionId);
    this.#lanes.find(session.sessionId)?.end(session);
  }

  async #join(turn: NewTurn): Promise<Joined> {
    const { pool, lease, queueLimit } = this.options;
    const { sessionId } = turn;
    for (let attempt = 0; attempt < ACCEPT_ATTEMPTS; attempt++) {
      this.#refuseWhenDraining(sessionId);
      using hold = this.#lanes.hold(sessionId);
      const options = {
        limit: queueLimit,
        beginning: this.#places.has(1) ? this.#repeatable : [],
      };
      const accepted = await acceptTurn(pool, lease.replicaId, turn, options).catch((error) => {
        if (isUniqueViolation(error, "turns_request")) return undefined;
        throw error;
      });
      if (accepted) {
        if (hold.lane.closed) return this.#lost(sessionId);
        const { seq } = accepted.turn;
        if (!hold.lane.admit(accepted.turn, accepted.claim)) {
          await this.#adopt(hold.lane, accepted.claim);
        }
        // If the drain began meanwhile, the accepted turn moves with its session, and the retry joins it there.
        this.#refuseWhenDraining(sessionId);
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

  /**
   * Makes sure that the session is owned here, and its open turns run here.
   * @throws SessionError
   */
  async #own(sessionId: string): Promise<Claim> {
    const { pool, lease } = this.options;
    const claimed = await claim(pool, sessionId, lease.replicaId);
    if (!claimed) {
      await refuseOwnedElsewhere(pool, sessionId, lease.replicaId);
      return this.#lost(sessionId);
    }
    if (claimed.openTurns > 0 && !this.#lanes.find(sessionId)?.busy) {
      await this.#recover(sessionId);
    }
    return claimed;
  }

  /** Takes the session, if it may be taken, and runs its open turns. */
  async #recover(sessionId: string): Promise<void> {
    await this.#finisher.settled(sessionId);
    using hold = this.#lanes.hold(sessionId);
    const claimed = await claim(this.options.pool, sessionId, this.options.lease.replicaId);
    if (claimed) await this.#adopt(hold.lane, claimed);
  }

  async #adopt(lane: Lane, claimed: Claim): Promise<void> {
    const turns = await openTurns(this.options.pool, lane.sessionId);
    if (lane.closed) return this.#lost(lane.sessionId);
    // The lane may have been made after the drain went through all lanes.
    if (this.#draining) lane.drain();
    lane.adopt(turns, claimed);
  }
}

/** Either the end of a turn, or how it stands and who tells the rest. */
type Joined =
  | { stored: Turn }
  | { listener: Disposable & { mailbox: Mailbox }; opening: TurnEvent };
