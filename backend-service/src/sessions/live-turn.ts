import { storable } from "@amp/postgres";
import type { AgentEvent, Question, ToolCall, Usage } from "../agents/agent.js";
import { AgentError } from "../agents/agent.js";
import type { NewApproval } from "../store/approvals.js";
import type { Turn } from "../store/model.js";
import type { TurnEvent } from "./events.js";
import { newApproval, Questions } from "./questions.js";
import type { Taken } from "./room.js";

/**
 * Characters that one answer may have, thoughts and tool output included. Twice
 * this (Send tells the reply twice) must fit into the 4 MB that gRPC clients
 * receive by default.
 */
const MAX_ANSWER = 400_000;

const MAX_TOKENS = Number.MAX_SAFE_INTEGER;

/** Where a tool call stands while the tool is at work. */
const WORKING = new Set<ToolCall["status"]>(["pending", "in_progress"]);

/**
 * An open turn on the replica that owns it, with what its agent told so far.
 *
 * `queued` -> `running` -> `writing`; a queued one may be cancelled, and goes to
 * `writing` at once. In `writing` its end is decided and about to be stored. All
 * of this is memory: after a crash the turn is queued again.
 */
export class LiveTurn {
  phase: "queued" | "running" | "writing" = "queued";
  /** Whether somebody asked for its end. */
  cancelled = false;
  /** Whether the run that goes on, or is about to, is counted in the store. */
  begun = false;
  /** Among the turns at work on this replica; given up while it waits for people. */
  place: Taken | undefined;
  /** How many answers of people the agent waits for, or for a place after them. */
  asking = 0;
  readonly stop = new AbortController();
  readonly questions: Questions;
  /** Resolves with the stored turn; rejects when this replica loses it. */
  readonly settled: Promise<Turn>;
  settle: (turn: Turn) => void = () => {};
  fail: (error: Error) => void = () => {};

  #reply = "";
  #thought = "";
  #tools = new Map<string, { call: ToolCall; size: number }>();
  #usage: Usage | undefined;
  #size = 0;
  /** The first half of a character that an agent cut in two. */
  #half = { text: "", thought: "" };

  constructor(readonly stored: Turn) {
    this.questions = new Questions(stored.approvals);
    this.settled = new Promise((resolve, reject) => {
      this.settle = resolve;
      this.fail = reject;
    });
    this.settled.catch(() => {});
  }

  get seq(): number {
    return this.stored.seq;
  }

  /** Whether the agent uses a tool, as far as it tells. */
  get usesTool(): boolean {
    return [...this.#tools.values()].some(({ call: { status } }) => WORKING.has(status));
  }

  /** The turn as it stands. */
  snapshot(): Turn {
    return {
      ...this.stored,
      state: this.phase === "queued" ? "queued" : "running",
      reply: this.#reply,
      thought: this.#thought,
      toolCalls: [...this.#tools.values()].map(({ call }) => call),
      approvals: this.questions.all(),
      usage: this.#usage,
    };
  }

  /** How it stands, for a listener that comes now. */
  opening(): TurnEvent {
    const turn = this.snapshot();
    return { seq: this.seq, type: turn.state === "queued" ? "queued" : "started", turn };
  }

  /**
   * Takes in what the agent tells.
   * @returns what listeners are to be told, if anything.
   * @throws AgentError when the answer grows beyond all bounds.
   */
  tell(event: AgentEvent): TurnEvent | undefined {
    const { seq } = this;
    if (event.type === "usage") {
      this.#usage = {
        inputTokens: tokens(event.usage.inputTokens),
        outputTokens: tokens(event.usage.outputTokens),
      };
      return undefined;
    }
    if (event.type === "tool") {
      const call = {
        ...event.call,
        id: storable(event.call.id),
        title: storable(event.call.title),
        kind: storable(event.call.kind),
        content: storable(event.call.content),
      };
      // A later version of a call replaces the one before it.
      const size = call.id.length + call.title.length + call.kind.length + call.content.length + 1;
      this.#grow(size - (this.#tools.get(call.id)?.size ?? 0));
      this.#tools.set(call.id, { call, size });
      return { seq, type: "tool", call };
    }
    const text = this.#join(event.type, event.text);
    if (!text) return undefined;
    this.#grow(text.length);
    if (event.type === "text") this.#reply += text;
    else this.#thought += text;
    return { seq, type: event.type, text };
  }

  /**
   * What is to be stored of a question.
   * @throws AgentError when it cannot be answered, or the answer grows beyond all bounds.
   */
  ask(question: Question): NewApproval {
    const asked = newApproval(this.seq, {
      ...question,
      toolCallId: storable(question.toolCallId),
      title: storable(question.title),
      content: storable(question.content),
      options: question.options.map((option) => ({
        ...option,
        id: storable(option.id),
        label: storable(option.label),
      })),
    });
    this.#grow(JSON.stringify(asked).length);
    return asked;
  }

  #join(type: "text" | "thought", text: string): string {
    const whole = this.#half[type] + text;
    const cut = /[\uD800-\uDBFF]$/.test(whole) ? whole.length - 1 : whole.length;
    this.#half[type] = whole.slice(cut);
    return storable(whole.slice(0, cut));
  }

  #grow(by: number): void {
    this.#size += by;
    if (this.#size > MAX_ANSWER) {
      throw new AgentError("internal", `The answer is longer than ${MAX_ANSWER} characters.`);
    }
  }
}

/** A count that the store and the contract can hold. */
function tokens(count: number): number {
  return Number.isFinite(count) ? Math.min(Math.max(Math.trunc(count), 0), MAX_TOKENS) : 0;
}
