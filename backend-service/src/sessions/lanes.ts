import { Lane, type LaneContext } from "./lane.js";

/** The lanes of one replica: made on demand, gone when superfluous. */
export class Lanes {
  #lanes = new Map<string, Lane>();
  readonly #context: LaneContext;

  constructor(context: Omit<LaneContext, "onQuiet">) {
    this.#context = { ...context, onQuiet: (lane) => this.#tidy(lane) };
  }

  /** All lanes as they are now. */
  all(): Lane[] {
    return [...this.#lanes.values()];
  }

  find(sessionId: string): Lane | undefined {
    return this.#lanes.get(sessionId);
  }

  /** The session's lane, made if there is none. */
  get(sessionId: string): Lane {
    let lane = this.#lanes.get(sessionId);
    if (!lane) {
      lane = new Lane(sessionId, this.#context);
      this.#lanes.set(sessionId, lane);
    }
    return lane;
  }

  /** Keeps a lane, made if there is none, while a turn is on its way into it. */
  hold(sessionId: string): Disposable & { lane: Lane } {
    const lane = this.get(sessionId);
    lane.holds++;
    return {
      lane,
      [Symbol.dispose]: () => {
        lane.holds--;
        this.#tidy(lane);
      },
    };
  }

  #tidy(lane: Lane): void {
    if (this.#lanes.get(lane.sessionId) === lane && lane.superfluous) {
      this.#lanes.delete(lane.sessionId);
    }
  }
}
