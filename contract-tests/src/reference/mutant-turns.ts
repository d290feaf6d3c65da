import type { Turn } from "@amp/proto";
import type { Backend } from "./contract.js";

/** Changes the turns that ListTurns tells. */
export function turnsOf(right: Backend, change: (turn: Turn) => Turn): Partial<Backend> {
  return {
    async listTurns(request) {
      const answer = await right.listTurns(request);
      return { ...answer, turns: answer.turns.map(change) };
    },
  };
}
