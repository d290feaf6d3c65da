import { createHash } from "node:crypto";
import { once } from "node:events";
import { AgentError, type Question } from "../agents/agent.js";
import type { NewApproval } from "../store/approvals.js";
import type { Approval } from "../store/model.js";

const MAX_ID = 200;

/**
 * What the agent asks in one open turn.
 *
 *   asked -> pending, stored and told -> decided, stored and told; the agent goes on
 *
 * One that its turn leaves pending has expired. A crash loses who waits, and no
 * more: when the turn is run again and its agent asks the same, the question is
 * found as it was stored, pending under the same id or decided.
 */
export class Questions {
  readonly #known: Map<string, Approval>;
  readonly #decisions = new EventTarget();
  /** Those whose answers somebody waits for, once for each who does. */
  readonly #awaited: string[] = [];

  /** @param stored what an earlier run of the turn asked */
  constructor(stored: Approval[]) {
    this.#known = new Map(stored.map((approval) => [approval.approvalId, approval]));
  }

  /** As they stand, in the order of asking. */
  all(): Approval[] {
    return [...this.#known.values()];
  }

  /** Whether the agent waits for people. */
  get waiting(): boolean {
    return this.#awaited.some((approvalId) => !this.#known.get(approvalId)?.decision);
  }

  /** Takes in how one is stored. @returns whether that is news. */
  note(approval: Approval): boolean {
    const { approvalId, decision } = approval;
    const known = this.#known.get(approvalId);
    if (known?.decision || (known && !decision)) return false;
    this.#known.set(approvalId, approval);
    if (decision) this.#decisions.dispatchEvent(new Event(approvalId));
    return true;
  }

  /** The option that is chosen, as soon as one is. @throws the signal's reason */
  async answer(approvalId: string, signal: AbortSignal): Promise<string> {
    this.#awaited.push(approvalId);
    try {
      for (;;) {
        const decision = this.#known.get(approvalId)?.decision;
        if (decision) return decision.optionId;
        signal.throwIfAborted();
        await once(this.#decisions, approvalId, { signal }).catch(() => signal.throwIfAborted());
      }
    } finally {
      this.#awaited.splice(this.#awaited.indexOf(approvalId), 1);
    }
  }
}

/** A question as it is stored. @throws AgentError when it cannot be answered. */
export function newApproval(seq: number, question: Question): NewApproval {
  const { id, options, ...told } = question;
  const ids = options.map((option) => option.id);
  const valid = ids.every((each) => each !== "" && each.length <= MAX_ID);
  if (!valid || ids.length === 0 || new Set(ids).size < ids.length) {
    throw new AgentError("internal", "The agent asked a question that cannot be answered.");
  }
  // Of its words, too: an answer never counts for anything but what was read by who gave it.
  const digest = createHash("sha256")
    .update(JSON.stringify([id, told, options]))
    .digest();
  return { ...told, options, seq, approvalId: `${seq}-${digest.toString("base64url", 0, 12)}` };
}
