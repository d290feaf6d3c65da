import type { Database } from "../database.js";
import type { Conversation, Log } from "../record.js";

interface TurnRow {
  session_id: string;
  seq: number;
  message: string;
  state: string;
}

/** Whether the backend ran every accepted message as one turn, in order, and completed it. */
export async function checkTurns(database: Database, log: Log): Promise<string[]> {
  const turns = await database.query<TurnRow>(
    "select session_id, seq, message, state from amp_backend.turns order by session_id, seq",
  );
  const runs = new Map<string, number>();
  const lastNumber = new Map<Conversation, number>();
  const problems: string[] = [];
  for (const { session_id, seq, message, state } of turns) {
    const asked = log.find(message);
    const what = `turn ${seq} of ${session_id} (${message})`;
    if (!asked) {
      problems.push(`${what} was asked for by nobody`);
      continue;
    }
    runs.set(asked.token, (runs.get(asked.token) ?? 0) + 1);
    const isGivenUp = asked.accepted === undefined;
    const mayBeCancelled = asked.excused || (isGivenUp && asked.conversation.ending !== undefined);
    // What was interrupted is a matter of its own.
    const isExplained = state === "interrupted" || (state === "cancelled" && mayBeCancelled);
    if (state !== "completed" && !isExplained) {
      problems.push(`${what} is ${state}`);
    }
    // What its sender gave up may have come in late, behind the next.
    if (isGivenUp) continue;
    if (asked.number <= (lastNumber.get(asked.conversation) ?? 0)) {
      problems.push(`${what} is not in the order of the messages`);
    }
    lastNumber.set(asked.conversation, asked.number);
  }
  for (const [token, count] of runs) {
    if (count > 1) problems.push(`${token} was run as ${count} turns`);
  }
  return problems;
}
