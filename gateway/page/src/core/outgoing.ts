import type { NewSession } from "./api.js";

/**
 * Where a message goes: a session, or one that is still to be begun. Messages
 * to a place leave it one by one, in order.
 */
export type Destination =
  | { kind: "session"; sessionId: string }
  /** `creationId` makes beginning the session idempotent. */
  | { kind: "new"; creationId: string; session: NewSession };

/**
 * A message on its way. `sending` is tried until the server decides; `accepted`
 * is the server's and waits to be seen in the transcript; `answered` was for the
 * user's memory, which no transcript tells; `kept` met a dead session and waits
 * for the user to go on; `rejected` will never be accepted.
 */
export interface Outgoing {
  /** Made here, so that a message sent twice is still one. */
  requestId: string;
  to: Destination;
  message: string;
  /** Milliseconds since 1970; messages leave in this order. */
  writtenAt: number;
  state: "sending" | "accepted" | "answered" | "kept" | "rejected";
  /** Why it is not accepted yet, or never will be. */
  problem: string | null;
  /** What was answered at once, as Markdown. */
  answer?: string;
}

/** Names a destination: the session's id, or `new:` and the creation's. */
export function placeOf(to: Destination): string {
  return to.kind === "session" ? to.sessionId : `new:${to.creationId}`;
}
