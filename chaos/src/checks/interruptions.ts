import { readFile } from "node:fs/promises";
import type { Database } from "../database.js";
import type { Conversation, Log } from "../record.js";

/** A turn that the backend holds to be interrupted. */
export interface InterruptedTurn {
  message: string;
  agent: string;
  /** How often it was begun, where that is stored. */
  runs: string | null;
}

/** An agent whose turns may be repeated has them interrupted only after so many runs. */
const MOST_RUNS = 3;

/** Marks the messages whose turns were interrupted. Checks that no turn ran twice and that each sender heard of the interruption. */
export async function checkInterruptions(
  database: Database,
  log: Log,
  actsFile: string,
): Promise<string[]> {
  const turns = await database.query<InterruptedTurn>(
    `select t.message, s.agent, to_jsonb(t) ->> 'runs' as runs
     from amp_backend.turns t join amp_backend.sessions s using (session_id)
     where t.state = 'interrupted'`,
  );
  const acts = await readFile(actsFile, "utf8").catch(() => "");
  return [...compareInterruptions(turns, log), ...checkActs(acts, log)];
}

/** The same, of the turns that were read. */
export function compareInterruptions(turns: readonly InterruptedTurn[], log: Log): string[] {
  const problems: string[] = [];
  for (const message of log.messages) message.interrupted = false;
  for (const { message, agent, runs } of turns) {
    const asked = log.find(message);
    if (asked) asked.interrupted = true;
    if (agent !== "acting" && Number(runs ?? 0) < MOST_RUNS) {
      problems.push(`${message} was interrupted, though ${agent} may be asked again`);
    }
  }
  return [...problems, ...log.conversations.flatMap(compareTold)];
}

/** Each sender hears of it once, unless the session ended before that. */
function compareTold({ name, messages, interruptions }: Conversation): string[] {
  const interrupted = messages.filter((each) => each.interrupted);
  const sure = interrupted.filter(({ excused, accepted }) => !excused && accepted !== undefined);
  if (interruptions >= sure.length && interruptions <= interrupted.length) return [];
  return [
    `${name} was told of ${interruptions} interrupted turns, of ${sure.length} to ${interrupted.length}`,
  ];
}

/** Whether the agent that acts was given each message at most once; `acts` has one a line. */
export function checkActs(acts: string, log: Log): string[] {
  const times = new Map<string, number>();
  const problems: string[] = [];
  for (const line of acts.split("\n").filter(Boolean)) {
    const message = String(JSON.parse(line));
    const token = log.find(message)?.token;
    if (token === undefined) problems.push(`an agent acted on nothing that was sent: ${message}`);
    else times.set(token, (times.get(token) ?? 0) + 1);
  }
  for (const [token, count] of times) {
    if (count > 1) problems.push(`an agent acted ${count} times on ${token}`);
  }
  return problems;
}
