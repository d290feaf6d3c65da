import { setTimeout as delay } from "node:timers/promises";
import type { System } from "./system.js";

/** How long a connection is waited for that is in a transaction, in milliseconds. */
const CATCH_MS = 20_000;
/** What was on its way when the process was stopped has arrived after so long. */
const SETTLE_MS = 50;
/** The longest that a transaction of somebody who is gone may hold others up: 15 s are promised. */
const MOST_HELD_MS = 18_000;

interface OpenTransaction {
  pid: number;
  since: string;
}

/** What to do in the midst of a transaction, and how to take it back. */
interface Stroke {
  begin: () => void;
  undo: () => void | Promise<void>;
}

/**
 * Strikes a service exactly while one of its connections is idle in a
 * transaction, and takes the stroke back after `duration`. It is complained
 * when PostgreSQL lets that transaction hold its locks for too long.
 * @returns whether a transaction was caught.
 */
export async function strikeInTransaction(
  system: System,
  service: string,
  { begin, undo }: Stroke,
  duration: number,
): Promise<boolean> {
  const link = system.databaseLink(service);
  let begun = performance.now();
  while (performance.now() - begun < CATCH_MS) {
    const [open] = await openTransactions(system, link.farPorts);
    if (system.database.stoodStillSince(begun)) begun = performance.now();
    if (!open) {
      await delay(1);
      continue;
    }
    begin();
    await delay(SETTLE_MS);
    if (await isOpen(system, open)) {
      await watch(system, service, open, duration);
      await undo();
      return true;
    }
    await undo();
  }
  return false;
}

/** Waits for so long, and looks how long the transaction is held open. */
async function watch(
  system: System,
  service: string,
  open: OpenTransaction,
  duration: number,
): Promise<void> {
  const { database } = system;
  const begun = performance.now();
  const over = delay(duration);
  let held = 0;
  while (performance.now() - begun < duration) {
    await delay(Math.min(500, duration));
    if (held > MOST_HELD_MS) continue;
    if (database.stoodStillSince(begun) || !(await isOpen(system, open))) break;
    held = performance.now() - begun;
    if (held > MOST_HELD_MS) {
      system.complain(
        `a transaction of ${service} held its locks for more than ${MOST_HELD_MS / 1_000} s while the service was gone`,
      );
    }
  }
  await over;
}

function openTransactions(
  { database }: System,
  ports: readonly number[],
): Promise<OpenTransaction[]> {
  return database.query<{ pid: number; since: string }>(
    `select pid, xact_start::text as since from pg_stat_activity
     where state = 'idle in transaction' and client_port = any($1)`,
    [ports],
  );
}

async function isOpen({ database }: System, { pid, since }: OpenTransaction): Promise<boolean> {
  const rows = await database.query(
    `select from pg_stat_activity
     where pid = $1 and xact_start::text = $2 and state like 'idle in transaction%'`,
    [pid, since],
  );
  return rows.length > 0;
}
