import { type SerializedError, stdSerializers } from "pino";

/** What PostgreSQL adds to an error and may quote rows, statements or messages of people. */
const QUOTING = ["detail", "where", "internalQuery", "hint"];

/**
 * For pino's `serializers.err`: an error as pino shows it, with its causes, but for
 * what PostgreSQL quotes of the data.
 */
export function errorSerializer(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  return withoutQuotes(stdSerializers.err(error));
}

function withoutQuotes(shown: SerializedError): SerializedError {
  for (const [key, value] of Object.entries(shown)) {
    if (QUOTING.includes(key)) delete shown[key];
    else if (Array.isArray(value)) for (const each of value) withinError(each);
    else withinError(value);
  }
  return shown;
}

/** Errors within errors are serialized already; they have a stack. */
function withinError(value: unknown): void {
  if (typeof value === "object" && value !== null && "stack" in value && "message" in value) {
    withoutQuotes(value as SerializedError);
  }
}
