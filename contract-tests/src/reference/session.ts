import { randomUUID } from "node:crypto";
import { EventEmitter, on, once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import {
  type Approval,
  ApprovalState,
  type DeepPartial,
  EndKind,
  type ResolveApprovalRequest,
  type SendRequest,
  Session,
  SessionState,
  type ToolCall,
  Turn,
  type TurnEvent,
  TurnState,
  type WatchResponse,
} from "@amp/proto";
import { status } from "@grpc/grpc-js";
import { echo } from "./agent.js";
import {
  assertDecidedBy,
  decide,
  expireApprovals,
  findApproval,
  newApproval,
} from "./approvals.js";
import type { Question } from "./asking.js";
import { endedSession, queueFull, turnCancelled, turnFailed } from "./errors.js";

type WatchEvent = NonNullable<WatchResponse["event"]>;

/** How turns are taken, in which order they run, and what becomes of their questions. */
export interface TurnPolicy {
  /** How many may be queued or running. */
  mostOpen: number;
  /** Which of the open turns runs next. */
  next(open: Turn[]): Turn | undefined;
  /** Whether an answer to this question counts. */
  takesAnswer(approval: Approval): boolean;
  /** Milliseconds from a turn's acceptance, or the end of the one before, to its start. */
  startDelay: number;
  /** The time, in the resolution of the backend's clock. */
  now(): Date;
  /** A new session's id. */
  newId(): string;
}

export const RIGHT_POLICY: TurnPolicy = {
  mostOpen: 20,
  next: (open) => open[0],
  takesAnswer: ({ state }) => state === ApprovalState.PENDING,
  startDelay: 0,
  now: () => new Date(),
  newId: randomUUID,
};

/** A session in memory. Its turns run one at a time, oldest first. */
export class MemorySession {
  readonly info: Session;
  readonly turns: Turn[] = [];
  private readonly events = new EventEmitter().setMaxListeners(0);
  /** Emits the option_id that was chosen, under the approval_id. */
  private readonly answers = new EventEmitter();
  private running: { turn: Turn; abort: AbortController } | undefined;

  constructor(
    info: DeepPartial<Session>,
    private readonly policy: TurnPolicy,
  ) {
    this.info = Session.fromPartial(info);
  }

  get openTurns(): Turn[] {
    return this.turns.filter((turn) => !isFinal(turn));
  }

  /** The session as it is told. */
  view(): Session {
    const counts = { turnCount: this.turns.length, openTurns: this.openTurns.length };
    return Session.fromPartial({ ...this.info, ...counts });
  }

  /** Accepts a turn, or finds the one that was accepted under this request_id. @throws when dead or full. */
  accept({ requestId, message, author }: SendRequest): Turn {
    this.assertAlive();
    const known = this.turns.find((turn) => turn.requestId === requestId);
    if (known) return known;
    if (this.openTurns.length >= this.policy.mostOpen) throw queueFull(this.info.sessionId);
    const turn = Turn.fromPartial({
      sessionId: this.info.sessionId,
      seq: this.turns.length + 1,
      requestId,
      message,
      author,
      state: TurnState.QUEUED,
      createdAt: this.policy.now(),
    });
    this.turns.push(turn);
    this.touch();
    this.tell(turn, { $case: "queued", value: structuredClone(turn) });
    this.runNext();
    return turn;
  }

  /** What happens from now on; nothing is lost between this call and the iteration. */
  follow(signal: AbortSignal): AsyncIterable<[WatchEvent]> {
    return on(this.events, "event", { signal }) as AsyncIterable<[WatchEvent]>;
  }

  cancel(seq: number): boolean {
    this.assertAlive();
    const turn = seq === 0 ? this.running?.turn : this.openTurns.find((each) => each.seq === seq);
    if (!turn) return false;
    this.stop(turn);
    return true;
  }

  /** Answers a question. @throws when there is no such question or option, and when it was answered otherwise or expired. */
  resolve(request: ResolveApprovalRequest): Approval {
    const approval = findApproval(this.turns, request);
    if (!this.policy.takesAnswer(approval)) {
      assertDecidedBy(approval, request);
      return approval;
    }
    decide(approval, request);
    this.tell(approval, { $case: "approvalResolved", value: { ...approval } });
    this.answers.emit(approval.approvalId, approval.optionId);
    return approval;
  }

  end(reason: string): boolean {
    if (this.info.state === SessionState.ENDED) return false;
    this.info.state = SessionState.ENDED;
    this.info.endKind = EndKind.ENDED;
    this.info.endReason = reason;
    this.info.endedAt = this.policy.now();
    for (const turn of this.openTurns.toReversed()) this.stop(turn);
    this.events.emit("event", { $case: "ended", value: this.view() });
    return true;
  }

  /** What Send answers for a turn in its final state. @throws unless it was completed. */
  outcome(turn: Turn): Turn {
    this.assertAlive();
    const { sessionId } = this.info;
    if (turn.state === TurnState.CANCELLED) throw turnCancelled(sessionId, turn.seq);
    if (turn.failure) throw turnFailed(turn, turn.failure);
    return turn;
  }

  assertAlive(): void {
    if (this.info.state === SessionState.ENDED) throw endedSession(this.info.sessionId);
  }

  private runNext(): void {
    const turn = this.policy.next(this.openTurns);
    if (this.running || !turn) return;
    this.running = { turn, abort: new AbortController() };
    void this.run(turn, this.running.abort.signal);
  }

  private async run(turn: Turn, signal: AbortSignal): Promise<void> {
    if (this.policy.startDelay > 0) await delay(this.policy.startDelay);
    if (signal.aborted) return;
    turn.state = TurnState.RUNNING;
    this.tell(turn, { $case: "started", value: structuredClone(turn) });
    const ask = (question: Question) => this.ask(turn, question, signal);
    try {
      for await (const piece of echo(turn.message, signal, ask)) {
        signal.throwIfAborted();
        if (typeof piece === "string") this.addText(turn, piece);
        else if ("thought" in piece) this.addThought(turn, piece.thought);
        else this.putToolCall(turn, piece);
      }
      this.finish(turn, "completed", TurnState.COMPLETED);
    } catch (error) {
      if (signal.aborted) return;
      turn.failure = { code: status.UNAVAILABLE, message: String(error) };
      this.finish(turn, "failed", TurnState.FAILED);
    }
  }

  private addText(turn: Turn, text: string): void {
    turn.reply += text;
    this.tell(turn, { $case: "textDelta", value: { text } });
  }

  private addThought(turn: Turn, text: string): void {
    turn.thought += text;
    this.tell(turn, { $case: "thoughtDelta", value: { text } });
  }

  private putToolCall(turn: Turn, call: ToolCall): void {
    const at = turn.toolCalls.findIndex(({ toolCallId }) => toolCallId === call.toolCallId);
    if (at < 0) turn.toolCalls.push(call);
    else turn.toolCalls[at] = call;
    this.tell(turn, { $case: "toolCall", value: call });
  }

  private async ask(turn: Turn, question: Question, signal: AbortSignal): Promise<string> {
    const approval = newApproval(turn.seq, question);
    turn.approvals.push(approval);
    this.tell(turn, { $case: "approvalRequested", value: { ...approval } });
    const [chosen] = await once(this.answers, approval.approvalId, { signal });
    return String(chosen);
  }

  private stop(turn: Turn): void {
    if (this.running?.turn === turn) this.running.abort.abort();
    this.finish(turn, "cancelled", TurnState.CANCELLED);
  }

  private finish(turn: Turn, $case: "completed" | "failed" | "cancelled", state: TurnState): void {
    Object.assign(turn, { state, finishedAt: this.policy.now() });
    expireApprovals(turn);
    this.touch();
    this.tell(turn, { $case, value: structuredClone(turn) });
    if (this.running?.turn !== turn) return;
    this.running = undefined;
    this.runNext();
  }

  private tell({ seq }: Pick<Turn, "seq">, event: TurnEvent["event"]): void {
    this.events.emit("event", { $case: "turn", value: { seq, event } });
  }

  private touch(): void {
    this.info.lastActiveAt = this.policy.now();
  }
}

export function isFinal({ state }: Turn): boolean {
  return state !== TurnState.QUEUED && state !== TurnState.RUNNING;
}
