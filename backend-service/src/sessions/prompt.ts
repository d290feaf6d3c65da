import type {
  AgentEvent,
  AgentSession,
  HistoryLimits,
  PastTurn,
  Question,
} from "../agents/agent.js";
import { type Agent, AgentError } from "../agents/agent.js";

/** An agent that did not stop within the grace time after it was told to. */
class Abandoned extends Error {
  override readonly name = "Abandoned";
}

/** What an agent may read of a session's past, for as long as the signal lets it try. */
export interface Past {
  /** @param keep is given the memory that the turns take; to be let go of when the agent does not need them any more */
  history(
    sessionId: string,
    limits: HistoryLimits,
    signal: AbortSignal,
    keep: (memory: Disposable) => void,
  ): Promise<PastTurn[]>;
  completedTurns(sessionId: string, signal: AbortSignal): Promise<number>;
}

/** What is known of a session whose agent is to be opened. */
export interface SeatContext {
  sessionId: string;
  description: string;
  workingDir: () => Promise<string>;
  past: Past;
}

/** How a prompt is run. */
export interface Prompting {
  /** Tells the agent to stop. */
  signal: AbortSignal;
  /** How long the agent has to stop then, in milliseconds. */
  graceMs: number;
  /** Told what the agent tells, until the signal is aborted. */
  onEvent: (event: AgentEvent) => void;
  /** Called when the agent has read something of the past, which may have taken long. */
  onRead: () => void;
  /** Answers what the agent asks; given up with the signal. */
  onAsk: (question: Question, signal: AbortSignal) => Promise<string>;
}

/**
 * One session's agent: opened for the first prompt, kept while turns wait, closed
 * when none does. One that does not heed the signal is abandoned, and closed
 * whenever it comes to its end.
 */
export class Seat {
  #session: AgentSession | undefined;
  /** Of the prompt that runs, or ran last: what an agent still reads after its end is given up. */
  #stopping = AbortSignal.abort();
  #onRead = () => {};
  #reads = 0;
  /** What the prompt that runs has read, for as long as it may need it. */
  #memory: Disposable[] = [];

  constructor(
    private readonly agent: Agent,
    private readonly context: SeatContext,
    private readonly onCloseError: (error: unknown) => void,
  ) {}

  /**
   * Runs one prompt to its end.
   * @throws whatever the agent throws, or `onEvent`.
   */
  async prompt(message: string, prompting: Prompting): Promise<void> {
    const { signal, graceMs, onEvent, onRead, onAsk } = prompting;
    const stop = new AbortController();
    const stopping = AbortSignal.any([signal, stop.signal]);
    this.#stopping = stopping;
    this.#onRead = onRead;
    using _memory = this.#freed();
    using limit = abandonAfter(stopping, graceMs);
    this.#session ??= await this.#open(stopping, limit.reached);
    const ask = (question: Question) => onAsk(question, stopping);
    const events = this.#session.prompt(message, stopping, ask)[Symbol.asyncIterator]();
    let next = events.next();
    try {
      for (;;) {
        const step = await Promise.race([next, limit.reached]);
        if (step.done) return;
        if (!signal.aborted) onEvent(step.value);
        next = events.next();
      }
    } catch (error) {
      stop.abort();
      this.#leave(next, events);
      throw error;
    }
  }

  /** Whether the agent waits for something of the past. */
  get reading(): boolean {
    return this.#reads > 0;
  }

  /** Closes the agent's session, if there is one. */
  async close(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    await session?.close().catch(this.onCloseError);
  }

  async #open(signal: AbortSignal, abandoned: Promise<never>): Promise<AgentSession> {
    const { past, ...context } = this.context;
    const { sessionId } = context;
    const keep = (memory: Disposable) => this.#memory.push(memory);
    const opening = this.agent.open(
      {
        ...context,
        history: (limits) =>
          this.#read(() => past.history(sessionId, limits, this.#stopping, keep)),
        completedTurns: () => this.#read(() => past.completedTurns(sessionId, this.#stopping)),
      },
      signal,
    );
    try {
      return await Promise.race([opening, abandoned]);
    } catch (error) {
      opening
        .then(
          (late) => late.close(),
          () => {},
        )
        .catch(this.onCloseError);
      throw error;
    }
  }

  async #read<T>(work: () => Promise<T>): Promise<T> {
    this.#reads++;
    try {
      return await work();
    } finally {
      this.#reads--;
      this.#onRead();
    }
  }

  /** Lets go of what the prompt has read when it is disposed. */
  #freed(): Disposable {
    return {
      [Symbol.dispose]: () => {
        for (const memory of this.#memory.splice(0)) memory[Symbol.dispose]();
      },
    };
  }

  /** Closes this session as soon as its last prompt has come to an end. */
  #leave(last: Promise<unknown>, events: AsyncIterator<AgentEvent>): void {
    const session = this.#session;
    this.#session = undefined;
    last
      .then(
        () => events.return?.(),
        () => {},
      )
      .then(() => session?.close())
      .catch(this.onCloseError);
  }
}

/** Rejects `reached` when the signal has been aborted for `ms`. */
function abandonAfter(signal: AbortSignal, ms: number): Disposable & { reached: Promise<never> } {
  let timer: NodeJS.Timeout | undefined;
  let begin = () => {};
  const reached = new Promise<never>((_, reject) => {
    begin = () => {
      timer = setTimeout(() => reject(new Abandoned("the agent did not stop in time")), ms);
    };
  });
  reached.catch(() => {});
  if (signal.aborted) begin();
  else signal.addEventListener("abort", begin, { once: true });
  return {
    reached,
    [Symbol.dispose]() {
      signal.removeEventListener("abort", begin);
      clearTimeout(timer);
    },
  };
}

/** What a turn fails with: what its agent said, or a neutral text for anything unforeseen. */
export function toAgentError(error: unknown): AgentError {
  if (error instanceof AgentError) return error;
  return new AgentError("internal", "The agent failed unexpectedly.", { cause: error });
}
