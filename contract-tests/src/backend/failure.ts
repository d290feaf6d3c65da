import assert from "node:assert/strict";
import { errorStatus, Reason } from "@amp/proto";
import { type ServiceError, status } from "@grpc/grpc-js";

/** Asserts that the error is a failed call with this status and this reason, and with this metadata among its own. */
export function assertFailure(
  error: unknown,
  code: status,
  reason: Reason,
  metadata: Record<string, string> = {},
): void {
  assert.notEqual(error, undefined, `nothing failed, but ${status[code]} ${reason} was due`);
  if (!isServiceError(error)) throw error;
  const rich = errorStatus(error);
  const details = rich?.infos[0];
  const told = Object.keys(metadata).map((key) => [key, details?.metadata[key]]);
  assert.deepEqual(
    {
      status: status[error.code],
      reason: details?.reason,
      metadata: Object.fromEntries(told),
    },
    { status: status[code], reason, metadata },
    `the call failed with "${error.message}"`,
  );
  assert.equal(rich?.infos.length, 1, "there is more than one ErrorInfo");
  assert.deepEqual(
    [rich.code, rich.message],
    [error.code, error.details],
    "google.rpc.Status says something else than gRPC itself",
  );
  assert.notEqual(rich.message, "", "a failure without a text for people");
}

/** Asserts that the call fails so. */
export async function assertFails(
  call: Promise<unknown>,
  ...failure: [code: status, reason: Reason, metadata?: Record<string, string>]
): Promise<void> {
  const outcome = await call.then(
    (answer) => ({ answer }),
    (error: unknown) => ({ error }),
  );
  if ("answer" in outcome) {
    assert.fail(`answered instead of failing with ${status[failure[0]]} ${failure[1]}`);
  }
  assertFailure(outcome.error, ...failure);
}

/** Asserts that the call says that the session is dead, and why. */
export function assertDead(
  call: Promise<unknown>,
  reason: typeof Reason.SESSION_UNKNOWN | typeof Reason.SESSION_ENDED,
  sessionId: string,
): Promise<void> {
  return assertFails(call, status.NOT_FOUND, reason, { session_id: sessionId });
}

/** Asserts that the call, about this session if any, is refused because of this field. */
export function assertInvalid(
  call: Promise<unknown>,
  field: string,
  sessionId?: string,
): Promise<void> {
  const metadata = sessionId === undefined ? { field } : { field, session_id: sessionId };
  return assertFails(call, status.INVALID_ARGUMENT, Reason.INVALID_FIELD, metadata);
}

export function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && "code" in error && "metadata" in error;
}
