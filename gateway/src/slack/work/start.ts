import { isUniqueViolation, type Queryable, transaction } from "@amp/postgres";
import { BackendError, type Session } from "../../backend/index.js";
import type { Job } from "../inbox/job.js";
import { isDirectMessage, type Place, type UserId } from "../keys.js";
import { abandon, activate, assign, isTaken, ONE_ACTIVE, reserve } from "../mappings/store.js";
import { type Address, type Bridge, draft } from "./bridge.js";
import { freeDeadSlots } from "./ended.js";

/** How a conversation gets a session. */
export interface Start {
  job: Job;
  user: UserId;
  /** Where it was asked for. */
  place: Place;
  /** Where the answer goes when nothing is started, or it starts in place. */
  address: Address;
  /** Makes or finds the session; called again after a crash. */
  open: () => Promise<Session>;
  /** Whether `open` begins a session of its own. */
  begins: boolean;
  /** What is said of it; `here` is where it can be talked to. */
  text: (session: Session, here: "in this thread" | "here") => string;
  /** What else is to happen when it starts in place. */
  inPlace?: (tx: Queryable) => Promise<void>;
}

/**
 * Gives a conversation a session: a slot is reserved, the session opened, and
 * then either the place itself becomes its conversation, together with the
 * decision to say so, or a message is posted whose thread does.
 *
 * A thread and direct messages are such places while they have no other
 * session; a channel never is. At no point does a mapping stand for the bare
 * channel, and a crash at any point leaves a reservation that the next attempt
 * at the same delivery goes on with.
 */
export async function startSession(bridge: Bridge, start: Start): Promise<void> {
  const { job, user, place, address } = start;
  const { pool, outbox, config } = bridge;
  const limit = config.maxSessionsPerUser;
  const takeSlot = () => transaction(pool, (tx) => reserve(tx, job.id, place, user, limit));
  let mapping = await takeSlot();
  if (mapping === undefined) {
    await freeDeadSlots(bridge, job, place, user);
    mapping = await takeSlot();
  }
  if (mapping === undefined) {
    const text = `Session limit reached (${limit}). End an existing session first.`;
    await outbox.decide(job, async () => [draft(address, { text })]);
    return;
  }

  const session = await start.open().catch(async (error: unknown) => {
    // Told now and not tried again; any other failure is.
    if (error instanceof BackendError) await abandon(pool, mapping, async () => {});
    throw error;
  });
  const { sessionId, project, description, workingDir } = session;
  await assign(pool, mapping, { sessionId, project, description, workingDir }, start.begins);

  const stay = () =>
    outbox.decide(job, async (tx) => {
      await activate(tx, mapping, place.thread);
      await start.inPlace?.(tx);
      const text = start.text(session, place.thread === null ? "here" : "in this thread");
      return [{ ...draft(address, { text }), mapping }];
    });
  const moveOut = () =>
    outbox.decide(job, async () => {
      const text = start.text(session, "in this thread");
      return [{ ...draft({ ...address, thread: null }, { text }), mapping }];
    });
  const canStay = place.thread !== null || isDirectMessage(place.channel);
  if (!canStay || (await isTaken(pool, place))) return moveOut();
  await stay().catch((error: unknown) => {
    if (!isUniqueViolation(error, ONE_ACTIVE)) throw error;
    return moveOut();
  });
}
