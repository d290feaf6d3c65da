import assert from "node:assert/strict";
import type { Approval, ToolCall, Turn, TurnEvent, TurnKind } from "./shapes.js";

/** Which states a turn may be in when an event of the kind tells it. */
const STATES: Partial<Record<TurnKind, Turn["state"][]>> = {
  queued: ["queued"],
  started: ["running"],
  completed: ["completed"],
  failed: ["failed", "interrupted"],
  cancelled: ["cancelled"],
};

/** One turn as the stream tells it, put together as somebody who shows it would; every event is checked. */
export class TurnReader {
  /** The kinds of the events, in order. */
  readonly kinds: TurnKind[] = [];
  reply = "";
  thought = "";
  readonly calls = new Map<string, ToolCall>();
  readonly approvals = new Map<string, Approval>();
  private readonly finishedBefore: boolean;

  /** @param turn as it was told first, by the snapshot or by an event. */
  constructor(public turn: Turn) {
    this.take(turn);
    this.finishedBefore = isFinal(turn);
  }

  /** Whether its final event was told, or the snapshot had it as final. */
  get over(): boolean {
    return isFinal(this.turn);
  }

  /** @throws when the event cannot follow those before it. */
  tell(event: TurnEvent): void {
    const repeated = this.finishedBefore && this.kinds.length === 0 && "turn" in event;
    assert.ok(!this.over || repeated, `${event.type} came after the end of turn ${event.seq}`);
    this.kinds.push(event.type);
    if ("turn" in event) this.tellWhole(event.type, event.turn);
    else assert.equal(this.turn.state, "running", `${event.type} of a turn that did not start`);
    if (event.type === "text") this.reply += event.text;
    if (event.type === "thought") this.thought += event.text;
    if (event.type === "tool") this.calls.set(event.call.id, event.call);
    if (event.type === "approval") {
      assert.equal(event.approval.seq, event.seq);
      this.approvals.set(event.approval.approval_id, event.approval);
    }
  }

  private tellWhole(kind: TurnKind, turn: Turn): void {
    assert.ok(STATES[kind]?.includes(turn.state), `${kind} told a turn that is ${turn.state}`);
    assert.equal(turn.finished_at !== null, isFinal(turn), "finished_at and state disagree");
    assert.equal(turn.failure !== null, kind === "failed", "only a failed turn has a failure");
    const { message, request_id, author, created_at } = this.turn;
    assert.deepEqual(
      { message, request_id, author, created_at },
      {
        message: turn.message,
        request_id: turn.request_id,
        author: turn.author,
        created_at: turn.created_at,
      },
    );
    if (kind === "completed" && !this.finishedBefore) {
      assert.equal(this.reply, turn.reply, "the pieces do not make up the reply");
      assert.equal(this.thought, turn.thought, "the pieces do not make up the thought");
      assert.deepEqual([...this.calls.values()], turn.tool_calls);
      assert.deepEqual([...this.approvals.values()], turn.approvals);
    }
    this.take(turn);
  }

  private take(turn: Turn): void {
    this.turn = turn;
    this.reply = turn.reply;
    this.thought = turn.thought;
    this.calls.clear();
    this.approvals.clear();
    for (const call of turn.tool_calls) this.calls.set(call.id, call);
    for (const approval of turn.approvals) this.approvals.set(approval.approval_id, approval);
  }
}

function isFinal({ state }: Turn): boolean {
  return state !== "queued" && state !== "running";
}
