import { isUnavailable } from "@amp/postgres";
import type pg from "pg";
import type { Logger } from "pino";
import type { Session, Turn } from "../store/model.js";
import { findSession } from "../store/sessions.js";
import { findTurn, finishTurn, type TurnEnd } from "../store/turns.js";
import { pauseAfter } from "./retry.js";

/** What became of the end of a turn. */
export type Finished =
  /** It is stored, by this call or by an earlier one whose answer was lost. */
  | { type: "stored"; turn: Turn }
  /** The session ended first, and the turn with it. */
  | { type: "ended"; session: Session }
  /** Another replica owns the session, or this one is stopping. */
  | { type: "lost" };

export type FinishTurn = (epoch: number, end: TurnEnd) => Promise<Finished>;

/**
 * Stores the ends of turns. An answer that cannot be stored, as the database is
 * away, is kept and tried again until it is stored or somebody else owns the
 * session: it is not computed twice only because the database was restarted.
 */
export class Finisher {
  #pending = new Map<string, Set<Promise<Finished>>>();
  #stop = new AbortController();

  constructor(
    private readonly pool: pg.Pool,
    private readonly replicaId: string,
    private readonly logger: Logger,
  ) {}

  /** Never rejects. */
  finish: FinishTurn = (epoch, end) => {
    const ends = this.#pending.get(end.sessionId) ?? new Set();
    this.#pending.set(end.sessionId, ends);
    const finishing = this.#finish(epoch, end).finally(() => {
      ends.delete(finishing);
      if (ends.size === 0) this.#pending.delete(end.sessionId);
    });
    ends.add(finishing);
    return finishing;
  };

  /** Waits until no end of a turn of this session is about to be stored. */
  async settled(sessionId: string): Promise<void> {
    await Promise.all(this.#pending.get(sessionId) ?? []);
  }

  /** Gives up what could not be stored so far. */
  stop(): void {
    this.#stop.abort();
  }

  async #finish(epoch: number, wanted: TurnEnd): Promise<Finished> {
    let end = wanted;
    for (let attempt = 1; !this.#stop.signal.aborted; attempt++) {
      try {
        const turn = await finishTurn(this.pool, this.replicaId, epoch, end);
        return turn ? { type: "stored", turn } : await this.#diagnose(end);
      } catch (error) {
        const fields = { err: error, sessionId: end.sessionId, seq: end.seq };
        if (isUnavailable(error)) {
          this.logger.warn(fields, "cannot store the end of a turn yet");
        } else {
          this.logger.error(fields, "the end of a turn cannot be stored as it is");
          end = unstorable(end);
        }
      }
      await pauseAfter(attempt, this.#stop.signal);
    }
    return { type: "lost" };
  }

  async #diagnose({ sessionId, seq }: TurnEnd): Promise<Finished> {
    const session = await findSession(this.pool, sessionId);
    if (session?.state === "ended") return { type: "ended", session };
    const turn = await findTurn(this.pool, sessionId, seq);
    return turn?.finishedAt ? { type: "stored", turn } : { type: "lost" };
  }
}

/** What is stored instead of an end that the database refuses, so that the session goes on. */
function unstorable({ sessionId, seq }: TurnEnd): TurnEnd {
  return {
    sessionId,
    seq,
    state: "failed",
    reply: "",
    thought: "",
    toolCalls: [],
    failure: { kind: "internal", message: "The answer could not be stored." },
    usage: undefined,
  };
}
