import pg from "pg";

/** Socket errors that mean that the server could not be reached or went away. */
const SOCKET_CODES = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "EAI_AGAIN",
]);

/** Plain errors that `pg` throws without a code when a connection is lost or cannot be had. */
const LOST_CONNECTION =
  /connection terminated|connection timeout|timeout exceeded|query read timeout|client has encountered a connection error|not queryable|cannot use a pool after/i;

/**
 * SQLSTATE classes that pass by themselves: connection exceptions (08),
 * transaction rollback (40), insufficient resources (53), operator
 * intervention (57; a statement that ran out of time is 57014), system errors
 * (58). And a read-only standby (25006), a transaction that was left idle or
 * took too long (25P03, 25P04), a lock that somebody else held for too long (55P03).
 * https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
const PASSING_SQLSTATE = /^(08|40|53|57|58)|^(25006|25P03|25P04|55P03)$/;

/** Whether the database could not be asked, as opposed to having refused: worth trying again. */
export function isUnavailable(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.some(isUnavailable);
  if (!(error instanceof Error)) return false;
  if (error instanceof pg.DatabaseError) return PASSING_SQLSTATE.test(error.code ?? "");
  if ("code" in error && SOCKET_CODES.has(String(error.code))) return true;
  return LOST_CONNECTION.test(error.message);
}

/** Whether the server is there, and gave the statement up because it took too long. */
export function isSlowStatement(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.code === "57014";
}

/** Whether a lock was held by somebody else for longer than a statement may wait. */
export function isLockTimeout(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.code === "55P03";
}

/** Whether a unique index (that of this name, if given) refused a row. */
export function isUniqueViolation(error: unknown, constraint?: string): boolean {
  return (
    error instanceof pg.DatabaseError &&
    error.code === "23505" &&
    (constraint === undefined || error.constraint === constraint)
  );
}
