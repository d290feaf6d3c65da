import { storable } from "@amp/postgres";
import type { AgentEvent, Question, ToolCall, Usage } from "../agents/agent.js";
import { AgentError } from "../agents/agent.js";
import type { NewApproval } from "../store/approvals.js";
import type { Turn } from "../store/model.js";
import type { TurnEvent } from "./events.js";
import { newApproval, Questions } from "./questions.js";

/**
 * Characters that one answer may have, thoughts and tool output included. Twice
 * this (Send tells the reply twice) must fit into the 4 MB that gRPC clients
 * receive by default.
 */
const MAX_ANSWER = 400_000;

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
  readonly stop = new AbortController();
  readonly questions: Questions;
  /** Resolves with the stored turn; rejects when this replica loses it. */
  readonly settled: Promise<Turn>;
  settle: (turn: Turn) => void = () => {};
  fail: (error: Error) => void = () => {};

  #reply = "";
  #thought = "";
  #tools = new Map<string, ToolCall>();
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

  /** The turn as it stands. */
  snapshot(): Turn {
    return {
      ...this.stored,
      state: this.phase === "queued" ? "queued" : "running",
      reply: this.#reply,
      thought: this.#thought,
      toolCalls: [...this.#tools.values()],
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
      this.#usage = event.usage;
      return undefined;
    }
    if (event.type === "tool") {
      const call = {
        ...event.call,
        title: storable(event.call.title),
        content: storable(event.call.content),
      };
      this.#grow(call.title.length + call.content.length + 1);
      this.#tools.set(call.id, call);
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
