import type { Logger } from "pino";
import { type Agent, AgentError, type Question } from "../agents/agent.js";
import type { NewApproval } from "../store/approvals.js";
import type { Approval, Claim, Failure, FinalState, Session, Turn } from "../store/model.js";
import { Audience } from "./audience.js";
import { SessionError } from "./errors.js";
import { finalEvent, type SessionEvent } from "./events.js";
import type { FinishTurn } from "./finisher.js";
import { LiveTurn } from "./live-turn.js";
import type { Mailbox } from "./mailbox.js";
import { type ReadHistory, Seat, toAgentError } from "./prompt.js";

/** What lanes need of the engine. */
export interface LaneContext {
  agents: ReadonlyMap<string, Agent>;
  history: ReadHistory;
  /** Stores that a turn is begun; false when it is not this owner's to begin. */
  begin: (claim: Claim, seq: number, signal: AbortSignal) => Promise<boolean>;
  finish: FinishTurn;
  /** Stores a question, or finds it stored; undefined when it is not this owner's to ask. */
  ask: (claim: Claim, asked: NewApproval) => Promise<Approval | undefined>;
  turnTimeoutMs: number;
  /** How long an agent has to stop when told to. */
  stopGraceMs: number;
  logger: Logger;
  /** Called whenever the lane may have become superfluous. */
  onQuiet: (lane: Lane) => void;
}

/**
 * The open turns of one session on the replica that owns it: runs them one at a
 * time in order, and tells its listeners.
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
  #draining = false;

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
   * Whether an agent is at work, or its answer about to be stored. One that waits
   * for people is not, if the next owner's may do the same again: it asks under
   * the same ids, so that people are asked once, and they may take hours.
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
    this.#add(turn);
    return true;
  }

  /** Takes in the open turns of the session, as stored. */
  adopt(turns: Turn[], claim: Claim): void {
    this.#own(claim);
    for (const turn of turns) this.#add(turn);
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
    else turn.stop.abort();
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
    }
    this.#tell({ type: "ended", session });
    this.#audience.end((seq) => seq === undefined);
    this.close(error);
  }

  /** This replica stops working on the session. */
  close(error: SessionError): void {
    this.closed = true;
    this.#drop(error);
    this.#audience.end(() => true, error);
    this.context.onQuiet(this);
  }

  /** Begins no more turns, and lets go of whoever waits for one or watches. */
  drain(): void {
    this.#draining = true;
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
      turn.fail(error);
    }
    this.#audience.end((seq) => seq !== undefined && dropped.has(seq), error);
  }

  #add(turn: Turn): void {
    if (turn.seq <= this.#lastSeq) return;
    this.#lastSeq = turn.seq;
    const live = new LiveTurn(turn);
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
      const agent = this.#claim && this.context.agents.get(this.#claim.agent);
      if (!next || !this.#claim || this.#draining) break;
      if (!agent) {
        const message = `The agent "${this.#claim.agent}" of this session is not configured.`;
        await this.#finish(next, "failed", { kind: "misconfigured", message });
      } else if (next.stored.begun && !agent.repeatable) {
        const message = "A restart cut this turn off. The agent may have acted.";
        await this.#finish(next, "interrupted", { kind: "interrupted", message });
      } else {
        seat ??= this.#seat(agent, this.#claim);
        await this.#run(next, seat, agent.repeatable);
      }
    }
    this.#working = false;
    await seat?.close();
  }

  #seat(agent: Agent, { sessionId, workingDir, description }: Claim): Seat {
    const { history } = this.context;
    return new Seat(agent, { sessionId, workingDir, description, history }, (error) =>
      this.context.logger.warn({ err: error, sessionId }, "cannot close an agent's session"),
    );
  }

  async #run(turn: LiveTurn, seat: Seat, repeatable: boolean): Promise<void> {
    turn.phase = "running";
    this.#tell(turn.opening());
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      turn.stop.abort();
    }, this.context.turnTimeoutMs);
    let error: AgentError | undefined;
    try {
      if (!repeatable) await this.#begin(turn);
      await seat.prompt(turn.stored.message, {
        signal: turn.stop.signal,
        graceMs: this.context.stopGraceMs,
        onEvent: (event) => {
          const told = turn.tell(event);
          if (told && this.#live.get(turn.seq) === turn) this.#tell(told);
        },
        onAsk: (question, signal) => this.#ask(turn, question, signal),
      });
    } catch (thrown) {
      error = toAgentError(thrown);
    } finally {
      clearTimeout(timer);
    }
    if (this.#live.get(turn.seq) !== turn) return;
    if (turn.cancelled) return this.#finish(turn, "cancelled");
    if (timedOut) error = new AgentError("timeout", "The turn took too long and was stopped.");
    if (!error) return this.#finish(turn, "completed");
    const { kind, message } = error;
    const fields = { err: error, sessionId: this.sessionId, seq: turn.seq, kind };
    this.context.logger.warn(fields, "a turn failed");
    return this.#finish(turn, "failed", { kind, message });
  }

  /** Stores that the agent may act from now on. @throws when it may not begin */
  async #begin({ seq, stop }: LiveTurn): Promise<void> {
    const begun = this.#claim && (await this.context.begin(this.#claim, seq, stop.signal));
    if (!begun) throw new SessionError("lease_lost", this.sessionId);
    stop.signal.throwIfAborted();
  }

  /** Stores a question, tells of it, and waits for the answer. */
  async #ask(turn: LiveTurn, question: Question, signal: AbortSignal): Promise<string> {
    const asked = turn.ask(question);
    const approval = this.#claim && (await this.context.ask(this.#claim, asked));
    if (!approval || this.#live.get(turn.seq) !== turn) {
      throw new SessionError("lease_lost", this.sessionId);
    }
    const { seq } = turn;
    if (turn.questions.note(approval)) this.#tell({ seq, type: "asked", approval });
    return turn.questions.answer(approval.approvalId, signal);
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
