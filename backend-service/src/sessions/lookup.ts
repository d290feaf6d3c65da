/** What the engine asks the store before it acts, with the refusals that follow from it. */
import type { Queryable } from "@amp/postgres";
import type { Session, Turn } from "../store/model.js";
import { otherOwner } from "../store/ownership.js";
import { findSession } from "../store/sessions.js";
import { findTurnByRequest, type NewTurn } from "../store/turns.js";
import { OwnedElsewhere, SessionError } from "./errors.js";

/** A session that is not dead. @throws SessionError when it is. */
export async function aliveSession(db: Queryable, sessionId: string): Promise<Session> {
  const session = await findSession(db, sessionId);
  if (!session) throw new SessionError("unknown", sessionId);
  if (session.endKind) throw new SessionError(session.endKind, sessionId);
  return session;
}

/** @throws OwnedElsewhere when another replica runs the session. */
export async function refuseOwnedElsewhere(
  db: Queryable,
  sessionId: string,
  replicaId: string,
): Promise<void> {
  const owner = await otherOwner(db, sessionId, replicaId);
  if (owner) throw new OwnedElsewhere(sessionId, owner);
}

/**
 * Why a turn was not accepted.
 * @returns the turn that the same request began before; undefined when the cause
 * has passed, so that it may be tried again.
 * @throws SessionError
 */
export async function diagnoseRefusal(
  db: Queryable,
  turn: NewTurn,
  replicaId: string,
  queueLimit: number,
): Promise<Turn | undefined> {
  const { sessionId } = turn;
  const session = await aliveSession(db, sessionId);
  const known = await findTurnByRequest(db, sessionId, turn.requestId);
  if (known?.finishedAt) return known;
  await refuseOwnedElsewhere(db, sessionId, replicaId);
  if (!known && session.openTurns >= queueLimit) throw new SessionError("queue_full", sessionId);
  return known;
}
