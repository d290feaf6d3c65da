import { once } from "node:events";
import type { Agent, AgentContext, AgentEvent, Ask, Question } from "../src/index.js";

/** An agent whose answers the test steers by the first word of the message. */
export interface SteeredAgent extends Agent {
  /** Every message that it was prompted with, in order. */
  prompts: string[];
  /** How many of its sessions are open. */
  openSessions: () => number;
  /** Lets the prompt that holds this message go on. */
  release: (message: string) => void;
}

/**
 * - `hold ...` tells "begun" and waits for `release` or the signal;
 * - `deaf ...` as hold, and does not heed the signal;
 * - `recall ...` waits for `release`, and then tells how many turns it remembers;
 * - `recent N [C]` tells the messages of the N newest turns that it remembers, of C characters at most;
 * - `where` tells the folder that it works in;
 * - `ask ...` asks whether to go on, and tells the answer;
 * - `throw` fails in a way that no agent should;
 * - `nasty` tells what PostgreSQL and UTF-8 cannot hold, and a character in halves;
 * - `huge` tells more than any answer may have;
 * - anything else is echoed.
 */
export function steeredAgent(options: { name?: string; repeatable?: boolean } = {}): SteeredAgent {
  const gates = new EventTarget();
  const prompts: string[] = [];
  let sessions = 0;

  async function* prompt(
    context: AgentContext,
    message: string,
    signal: AbortSignal,
    ask: Ask,
  ): AsyncGenerator<AgentEvent> {
    prompts.push(message);
    const [word, number, characters] = message.split(" ", 3);
    if (word === "throw") throw new TypeError("password=hunter2");
    if (word === "nasty") {
      yield* ["a\0b", "half \uD83D", "\uDE80 end", "\uD83D!"].map((text) => tell(text));
    } else if (word === "huge") {
      for (let n = 0; n < 1_000; n++) yield tell("x".repeat(1_000));
    } else if (word === "recall") {
      await once(gates, message, { signal });
      yield tell(`remembers ${await context.completedTurns()}`);
    } else if (word === "recent") {
      const limits = { turns: Number(number), characters: Number(characters ?? 1_000_000) };
      const past = await context.history(limits);
      yield tell(past.map((turn) => turn.message).join(", "));
    } else if (word === "where") {
      yield tell(await context.workingDir());
    } else if (word === "hold" || word === "deaf") {
      yield tell("begun ");
      await once(gates, message, word === "hold" ? { signal } : {});
      yield tell("done");
    } else if (word === "ask") {
      yield tell(`answer: ${await ask(goOn(message))}`);
    } else {
      yield tell(`echo: ${message}`);
    }
  }

  return {
    name: options.name ?? "steered",
    repeatable: options.repeatable ?? true,
    open: async (context) => {
      sessions++;
      return {
        prompt: (message, signal, ask) => prompt(context, message, signal, ask),
        close: async () => {
          sessions--;
        },
      };
    },
    prompts,
    openSessions: () => sessions,
    release: (message) => gates.dispatchEvent(new Event(message)),
  };
}

function tell(text: string): AgentEvent {
  return { type: "text", text };
}

function goOn(title: string): Question {
  const options = ["yes", "no", "later"].map((id) => ({
    id,
    label: id.toUpperCase(),
    kind: id === "yes" ? ("allow_once" as const) : ("reject_once" as const),
  }));
  return { id: "go-on", toolCallId: "", title, content: "", options };
}
