/** What lanes need of a replica: its store, its memory, its places. */
import { getHeapStatistics } from "node:v8";
import { isSlowStatement } from "@amp/postgres";
import { AgentError } from "../agents/agent.js";
import { askApproval } from "../store/approvals.js";
import { beginTurn, countCompleted, history } from "../store/turns.js";
import type { EngineOptions } from "./engine-options.js";
import type { FinishTurn } from "./finisher.js";
import type { LaneContext } from "./lane.js";
import type { LostRuns } from "./lost-runs.js";
import { onceAvailable } from "./retry.js";
import { Room } from "./room.js";
import { checkWorkingDir } from "./working-dir.js";

/**
 * The part of the memory that histories may take, which agents hold while they work: more
 * of them wait. A quarter leaves room for the answers.
 */
const HISTORY_SHARE = 1 / 4;
/** In memory a character takes one byte, or two if any in its text is beyond Latin. */
const BYTES_A_CHARACTER = 2;
/** A history that the database cannot read in time is not read in time by a fourth try. */
const MAX_SLOW_READS = 3;

/** Makes what all lanes of a replica share. @param stopped aborted when the replica stops */
export function laneContext(
  options: EngineOptions,
  { finish, lostRuns, stopped }: { finish: FinishTurn; lostRuns: LostRuns; stopped: AbortSignal },
): Omit<LaneContext, "onQuiet"> {
  const { pool, lease } = options;
  const memory = new Room(
    options.historyMemory ?? Math.floor(getHeapStatistics().heap_size_limit * HISTORY_SHARE),
  );
  /** Does the work, however long the database is away, unless this replica stops or the signal is aborted. */
  const patiently = <T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> =>
    onceAvailable(work, signal ? AbortSignal.any([signal, stopped]) : stopped);
  const reading = <T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> => {
    let slow = 0;
    const read = () =>
      work().catch((error: unknown) => {
        if (!isSlowStatement(error) || ++slow < MAX_SLOW_READS) throw error;
        const text = "The conversation so far could not be read in time. Please try again later.";
        throw new AgentError("unavailable", text, { cause: error });
      });
    return patiently(read, signal);
  };
  return {
    ...options,
    places: new Room(options.maxRunningTurns),
    workingDir: (begunWith) => checkWorkingDir(begunWith, options.workspaceRoots),
    past: {
      async history(sessionId, limits, signal, keep) {
        const taken = await memory.take(limits.characters * BYTES_A_CHARACTER, signal);
        keep(taken);
        const turns = await reading(() => history(pool, sessionId, limits), signal);
        const characters = turns.reduce(
          (sum, turn) => sum + turn.message.length + turn.reply.length,
          0,
        );
        taken.shrink(characters * BYTES_A_CHARACTER);
        return turns;
      },
      completedTurns: (sessionId, signal) => reading(() => countCompleted(pool, sessionId), signal),
    },
    begin: (claimed, seq, signal) =>
      patiently(() => beginTurn(pool, lease.replicaId, claimed, seq), signal),
    giveBack: (sessionId, seq) => lostRuns.note(sessionId, seq),
    finish,
    ask: (claimed, asked) => patiently(() => askApproval(pool, lease.replicaId, claimed, asked)),
  };
}
