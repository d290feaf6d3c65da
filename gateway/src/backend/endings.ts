import { EndKind, type Session, SessionState, type WatchEndingsResponse } from "@amp/proto";

/** The end of a session. */
export interface Ending {
  sessionId: string;
  /** Somebody ended it, nobody used it for too long, or the backend does not know it. */
  how: "ended" | "expired" | "unknown";
  /** In milliseconds since the epoch; when it was found out, if the backend does not tell. */
  at: number;
}

/** A place in the backend's feed of endings, with the ending that leads there, if one does. */
export interface EndingsPosition {
  /** Where to go on; opaque. */
  cursor: string;
  ending: Ending | undefined;
}

export function toPosition(told: WatchEndingsResponse): EndingsPosition {
  const { cursor, sessionId, kind, endedAt } = told;
  return { cursor, ending: sessionId ? ending(sessionId, kind, endedAt) : undefined };
}

/** Those of the ids whose sessions are dead, by what the backend knows of them. */
export function deadOf(sessionIds: string[], known: Session[]): Ending[] {
  const sessions = new Map(known.map((session) => [session.sessionId, session]));
  return sessionIds.flatMap((sessionId) => {
    const session = sessions.get(sessionId);
    if (session?.state === SessionState.ACTIVE) return [];
    return [ending(sessionId, session?.endKind, session?.endedAt)];
  });
}

function ending(sessionId: string, kind: EndKind | undefined, endedAt: Date | undefined): Ending {
  return { sessionId, how: howOf(kind), at: endedAt?.getTime() ?? Date.now() };
}

function howOf(kind: EndKind | undefined): Ending["how"] {
  switch (kind) {
    case EndKind.ENDED:
      return "ended";
    case EndKind.EXPIRED:
      return "expired";
    default:
      return "unknown";
  }
}
