import type { Agent } from "../agents/agent.js";
import type { Approval, Claim, Failure, FinalState, Session, Turn } from "../store/model.js";
import { Audience } from "./audience.js";
import { SessionError } from "./errors.js";
import { finalEvent, type SessionEvent, type TurnEvent } from "./events.js";
import type { FinishTurn } from "./finisher.js";
import { LiveTurn } from "./live-turn.js";
import type { Mailbox } from "./mailbox.js";
import { type Past, Seat } from "./prompt.js";
import { findPlace, type RunContext, type RunEnd, refusal, runTurn } from "./run.js";

/** What lanes need of the engine. */
export interface LaneContext extends RunContext {
  agents: ReadonlyMap<string, Agent>;
  past: Past;
  /** Looks again at the folder that a session was begun with. @throws AgentError */
  workingDir: (begunWith: string) => Promise<string>;
  finish: FinishTurn;
  /** Called whenever the lane may have become superfluous. */
  onQuiet: (lane: Lane) => void;
}

/**
 * The open turns of one session on the replica that owns it: runs them one at a
 * time in order, and tells its listeners.
 *
 * A turn runs when it has a place among those at work on this replica; until then it is
 * queued.
 *
 * A lane knows every open turn up to `#lastSeq`. It is made on demand, dropped
 * when it has neither turns nor listeners, and *closed* when the session ends or
 * this replica loses it; what its agent still says then goes nowhere. A crash
 * loses the lane and nothing else: the next owner reads the open turns anew.
 */
export class Lane {
  /** Calls that are about to bring a turn; they keep the lane, and so its `#lastSeq`. */
  holds = 0;
  closed = false;
  #claim: Claim | undefined;
  #live = new Map<number, LiveTurn>();
  #lastSeq = 0;
  readonly #audience: Audience;
  #working = false;
  /** Aborted when no more turns are to begin here. */
  readonly #halt = new AbortController();

  constructor(
    readonly sessionId: string,
    private readonly context: LaneContext,
  ) {
    this.#audience = new Audience(sessionId);
  }

  /** Whether it has or is about to get turns. */
  get busy(): boolean {
    return this.#live.size > 0 || this.holds > 0;
  }

  /**
   * Whether an agent is at work, or its answer about to be stored. A repeatable agent
   * that waits for people does not count: the next owner runs the turn again and finds
   * the question under the same id.
   */
  get working(): boolean {
    const repeatable = this.#claim && this.context.agents.get(this.#claim.agent)?.repeatable;
    return [...this.#live.values()].some(
      ({ phase, questions }) =>
        phase === "writing" || (phase === "running" && !(repeatable && questions.waiting)),
    );
  }

  get superfluous(): boolean {
    return this.closed || !(this.busy || this.#audience.size > 0);
  }

  turn(seq: number): LiveTurn | undefined {
    return this.#live.get(seq);
  }

  /** The open turns as they stand, in order. */
  snapshot(): Turn[] {
    return [...this.#live.values()].map((turn) => turn.snapshot());
  }

  /**
   * Takes in a turn that was just accepted.
   * @returns false when turns before it are not known here: `adopt` is needed.
   */
  admit(turn: Turn, claim: Claim): boolean {
    this.#own(claim);
    const gap = this.#lastSeq === 0 ? claim.openTurns !== 1 : turn.seq > this.#lastSeq + 1;
    if (gap) return false;
    this.#add(turn, turn.runs > 0);
    return true;
  }

  /** Takes in the open turns of the session, as stored. */
  adopt(turns: Turn[], claim: Claim): void {
    this.#own(claim);
    for (const turn of turns) this.#add(turn, false);
  }

  /** Listens to one turn or to all, until disposed. */
  listen(seq?: number): Disposable & { mailbox: Mailbox } {
    return this.#audience.listen(seq, () => this.context.onQuiet(this));
  }

  /**
   * Cancels a turn; 0 is the one that runs.
   * @returns whether it ended so, once that is stored.
   */
  async cancel(seq: number): Promise<boolean> {
    const turn = seq
      ? this.#live.get(seq)
      : [...this.#live.values()].find((each) => each.phase !== "queued");
    if (!turn || (turn.phase === "writing" && !turn.cancelled)) return false;
    turn.cancelled = true;
    if (turn.phase === "queued") void this.#finish(turn, "cancelled");
    turn.stop.abort();
    return (await turn.settled).state === "cancelled";
  }

  /** Somebody answered a question; that is stored. */
  decided(approval: Approval): void {
    const { seq } = approval;
    if (this.#live.get(seq)?.questions.note(approval))
      this.#tell({ seq, type: "answered", approval });
  }

  /** The session has ended, and with it all its open turns. */
  end(session: Session): void {
    if (this.closed) return;
    const error = new SessionError(session.endKind ?? "ended", this.sessionId);
    for (const turn of this.#live.values()) {
      const finishedAt = session.endedAt;
      const approvals = turn.questions.all();
      const stored: Turn = { ...turn.stored, approvals, state: "cancelled", finishedAt };
      this.#tell(finalEvent(stored));
      turn.settle(stored);
      turn.begun = false;
    }
    this.#tell({ type: "ended", session });
    this.#audience.end((seq) => seq === undefined);
    this.close(error);
  }

  /** This replica stops working on the session. */
  close(error: SessionError): void {
    this.closed = true;
    this.#halt.abort();
    this.#drop(error);
    this.#audience.end(() => true, error);
    this.context.onQuiet(this);
  }

  /** Begins no more turns, and lets go of whoever waits for one or watches. */
  drain(): void {
    this.#halt.abort();
    const error = new SessionError("draining", this.sessionId);
    this.#audience.end(
      (seq) => seq === undefined || this.#live.get(seq)?.phase === "queued",
      error,
    );
  }

  /** Turns of an earlier ownership were somebody else's to run meanwhile. */
  #own(claim: Claim): void {
    if (this.#claim?.epoch !== claim.epoch) {
      this.#drop(new SessionError("lease_lost", this.sessionId));
      this.#lastSeq = 0;
    }
    this.#claim = claim;
  }

  #drop(error: SessionError): void {
    const dropped = this.#live;
    this.#live = new Map();
    for (const turn of dropped.values()) {
      turn.stop.abort();
      if (turn.begun) this.context.giveBack(this.sessionId, turn.seq);
      turn.fail(error);
    }
    this.#audience.end((seq) => seq !== undefined && dropped.has(seq), error);
  }

  #add(turn: Turn, begun: boolean): void {
    if (turn.seq <= this.#lastSeq) return;
    this.#lastSeq = turn.seq;
    const live = new LiveTurn(turn);
    live.begun = begun;
    this.#live.set(turn.seq, live);
    this.#tell(live.opening());
    if (!this.#working) void this.#work();
  }

  #tell(event: SessionEvent): void {
    this.#audience.tell(event);
  }

  /** Runs what is queued until nothing is. Never rejects. */
  async #work(): Promise<void> {
    this.#working = true;
    let seat: Seat | undefined;
    for (;;) {
      const next = [...this.#live.values()].find((turn) => turn.phase === "queued");
      const claim = this.#claim;
      if (!next || !claim || this.#halt.signal.aborted) break;
      const agent = this.context.agents.get(claim.agent);
      const refused = refusal(next, claim, agent);
      if (refused || !agent) {
        await this.#conclude(next, refused ?? "lost");
        continue;
      }
      using place = await findPlace(this.context.places, next.stop.signal, this.#halt.signal);
      // It was cancelled or lost while it waited.
      if (!place || next.phase !== "queued" || !this.#has(next)) continue;
      next.place = place;
      seat ??= this.#seat(agent, claim);
      next.phase = "running";
      this.#tell(next.opening());
      const owner = {
        claim,
        has: (turn: LiveTurn) => this.#has(turn),
        tell: (event: TurnEvent) => this.#tell(event),
      };
      const end = await runTurn(this.context, owner, next, seat);
      next.place[Symbol.dispose]();
      await this.#conclude(next, end);
    }
    this.#working = false;
    await seat?.close();
  }

  #has(turn: LiveTurn): boolean {
    return this.#live.get(turn.seq) === turn;
  }

  #seat(agent: Agent, { sessionId, workingDir, description }: Claim): Seat {
    const { past } = this.context;
    const folder = () => this.context.workingDir(workingDir);
    return new Seat(agent, { sessionId, workingDir: folder, description, past }, (error) =>
      this.context.logger.warn({ err: error, sessionId }, "cannot close an agent's session"),
    );
  }

  async #conclude(turn: LiveTurn, end: RunEnd): Promise<void> {
    if (!this.#has(turn)) return;
    if (end === "lost") this.close(new SessionError("lease_lost", this.sessionId));
    else await this.#finish(turn, end.state, end.failure);
  }

  /** Stores a turn's end, and only then tells of it. Never rejects. */
  async #finish(turn: LiveTurn, state: FinalState, failure?: Failure): Promise<void> {
    if (!this.#claim) return;
    turn.phase = "writing";
    const outcome = await this.context.finish(this.#claim.epoch, {
      ...turn.snapshot(),
      state,
      failure,
    });
    if (this.#live.get(turn.seq) !== turn) return;
    if (outcome.type === "ended") return this.end(outcome.session);
    if (outcome.type === "lost") return this.close(new SessionError("lease_lost", this.sessionId));
    this.#live.delete(turn.seq);
    this.#tell(finalEvent(outcome.turn));
    this.#audience.end((seq) => seq === turn.seq);
    turn.settle(outcome.turn);
    this.context.onQuiet(this);
  }
}
