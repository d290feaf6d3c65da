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
 * intervention (57), system errors (58); and a read-only standby (25006).
 * https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
const PASSING_SQLSTATE = /^(08|40|53|57|58)|^25006$/;

/** Whether the database could not be asked, as opposed to having refused: worth trying again. */
export function isUnavailable(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.some(isUnavailable);
  if (!(error instanceof Error)) return false;
  if (error instanceof pg.DatabaseError) return PASSING_SQLSTATE.test(error.code ?? "");
  if ("code" in error && SOCKET_CODES.has(String(error.code))) return true;
  return LOST_CONNECTION.test(error.message);
}

/** Whether a unique index (that of this name, if given) refused a row. */
export function isUniqueViolation(error: unknown, constraint?: string): boolean {
  return (
    error instanceof pg.DatabaseError &&
    error.code === "23505" &&
    (constraint === undefined || error.constraint === constraint)
  );
}
