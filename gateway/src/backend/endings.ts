import { EndKind, type Session, SessionState, type WatchEndingsResponse } from "@amp/proto";

/** The end of a session. */
export interface Ending {
  sessionId: string;
  /** Somebody ended it, nobody used it for too long, or the backend does not know it. */
  how: "ended" | "expired" | "unknown";
  /** In milliseconds since the epoch; when it was found out, if the backend does not tell. */
  at: number;
  /** As it was given to End; empty if nobody did, or if it is not known. */
  reason?: string;
}

/** A place in the backend's feed of endings, with the ending that leads there, if one does. */
export interface EndingsPosition {
  /** Where to go on; opaque. */
  cursor: string;
  ending: Ending | undefined;
}

export function toPosition({ cursor, sessionId, kind, endedAt, reason }: WatchEndingsResponse) {
  return { cursor, ending: sessionId ? ending(sessionId, kind, endedAt, reason) : undefined };
}

/** Which of the ids are of ended sessions, and which are not among those that are known. */
export function deadOf(sessionIds: string[], known: Session[]) {
  const sessions = new Map(known.map((session) => [session.sessionId, session]));
  const ended = sessionIds.flatMap((sessionId) => {
    const session = sessions.get(sessionId);
    if (session?.state !== SessionState.ENDED) return [];
    return [ending(sessionId, session.endKind, session.endedAt, session.endReason)];
  });
  return { ended, missing: sessionIds.filter((sessionId) => !sessions.has(sessionId)) };
}

/** The end of a session that the backend knows nothing of. */
export function unknown(sessionId: string): Ending {
  return { sessionId, how: "unknown", at: Date.now() };
}

function ending(
  sessionId: string,
  kind: EndKind,
  endedAt: Date | undefined,
  reason: string,
): Ending {
  const how = kind === EndKind.EXPIRED ? "expired" : "ended";
  return { sessionId, how, at: endedAt?.getTime() ?? Date.now(), reason };
}
