import { isUnavailable } from "@amp/postgres";
import { BackendError } from "../backend/index.js";

/** An answer other than the one hoped for. */
export class HttpError extends Error {
  override readonly name = "HttpError";
  constructor(
    readonly status: number,
    /** The JSON to answer; `error` is for people. */
    readonly body: { error: string; type?: string; session_connected?: boolean },
    options?: ErrorOptions,
  ) {
    super(body.error, options);
  }
}

/** 404: the id names no session of this user. */
export function unknownSession(sessionId: string): HttpError {
  const error = `Session '${sessionId}' not found`;
  return new HttpError(404, { error, session_connected: false });
}

/** 409: no session was named and none is active. */
export function noActiveSession(): HttpError {
  const error = "No active session. Create one first via POST /api/session.";
  return new HttpError(409, { error, session_connected: false });
}

/** 409: the backend does not have the session any more. */
export function deadSession(): HttpError {
  const error = "Session no longer exists. Create a new one.";
  return new HttpError(409, { error, session_connected: false });
}

/**
 * What a caller is told of any failure. A dead session is told by whoever knows
 * what pointed at it; here, it is only 409.
 */
export function toHttpError(error: unknown): HttpError {
  if (error instanceof HttpError) return error;
  if (error instanceof BackendError) return fromBackend(error);
  if (isUnavailable(error)) {
    return new HttpError(503, { error: "The database cannot be reached. Try again." });
  }
  return new HttpError(500, { error: "Internal error", type: "Internal" });
}

function fromBackend({ kind, message, reason, code }: BackendError): HttpError {
  const type = reason ?? code;
  switch (kind) {
    case "dead":
      return deadSession();
    case "transient":
      return new HttpError(503, { error: message });
    case "busy":
      return new HttpError(429, { error: message });
    case "invalid":
      return new HttpError(400, { error: message });
    case "late":
      return new HttpError(409, { error: message, type, session_connected: true });
    case "denied":
      return new HttpError(code === "PERMISSION_DENIED" ? 403 : 500, { error: message, type });
    case "turn":
    case "internal":
      return new HttpError(500, { error: message, type });
  }
}
