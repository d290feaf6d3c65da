import {
  type Agent,
  type AgentContext,
  AgentError,
  type AgentEvent,
  type Ask,
  type PastTurn,
} from "../src/agents/agent.js";

/** A session to open an agent for. */
export function context(history: PastTurn[] = [], sessionId = "s-1"): AgentContext {
  return {
    sessionId,
    description: "a test",
    workingDir: async () => "/",
    history: async ({ turns }) => history.slice(Math.max(0, history.length - turns)),
    completedTurns: async () => history.length,
  };
}

/** For prompts that have nothing to ask. */
export const nobody: Ask = async () => {
  throw new Error("nobody is there to answer");
};

/** What became of a message. */
export interface Outcome {
  events: AgentEvent[];
  /** All of its text. */
  text: string;
  thought: string;
  /** What it threw; undefined when it came to its end. */
  error: unknown;
}

export interface AskOptions {
  history?: PastTurn[];
  signal?: AbortSignal;
  onEvent?: (event: AgentEvent) => void;
}

/** Opens the agent, asks one thing, closes it. */
export async function ask(
  agent: Agent,
  message: string,
  options: AskOptions = {},
): Promise<Outcome> {
  const signal = options.signal ?? new AbortController().signal;
  const session = await agent.open(context(options.history), signal);
  const events: AgentEvent[] = [];
  let error: unknown;
  try {
    for await (const event of session.prompt(message, signal, nobody)) {
      events.push(event);
      options.onEvent?.(event);
    }
  } catch (thrown) {
    error = thrown;
  }
  await session.close();
  return { events, text: join(events, "text"), thought: join(events, "thought"), error };
}

/** The failure of a message that is expected to fail. */
export async function failure(
  agent: Agent,
  message: string,
  options?: AskOptions,
): Promise<AgentError> {
  const { error } = await ask(agent, message, options);
  if (error instanceof AgentError) return error;
  throw new Error("the turn did not fail with an AgentError", { cause: error });
}

function join(events: AgentEvent[], type: "text" | "thought"): string {
  return events.map((event) => (event.type === type ? event.text : "")).join("");
}
