import { isUniqueViolation, type Queryable, transaction } from "@amp/postgres";
import { BackendError, type Session } from "../../backend/index.js";
import type { Job } from "../inbox/job.js";
import { isDirectMessage, type Place, type UserId } from "../keys.js";
import {
  abandon,
  activate,
  assign,
  findMapping,
  isTaken,
  ONE_ACTIVE,
  reserve,
} from "../mappings/store.js";
import { type Address, type Bridge, draft } from "./bridge.js";
import { freeDeadSlots } from "./ended.js";
import { limitReached } from "./limit.js";

/** Why a session is ended that was begun for a mapping which found no place. */
export const NO_PLACE = "found no place in Slack";

const ELSEWHERE = "_To begin another one, mention me outside of this thread._";

/** Says that a conversation has its session. */
export function takenText(sessionId: string): string {
  return `This conversation has session \`${sessionId.slice(0, 8)}\` already.`;
}

/** How a conversation gets a session. */
export interface Start {
  job: Job;
  user: UserId;
  /** Where it was asked for. */
  place: Place;
  /** Where the answer goes when nothing is started, or it starts in place. */
  address: Address;
  /** Whether it was asked for by a slash command: then its user alone sees why not. */
  slash?: boolean | undefined;
  /** Makes or finds the session; called again after a crash. */
  open: () => Promise<Session>;
  /** Whether `open` begins a session of its own. */
  begins: boolean;
  /** What is said of it; `here` is where it can be talked to. */
  text: (session: Session, here: "in this thread" | "here") => string;
  /** Whether it may start in place only; where there is a session already, that is said. */
  staysHere?: boolean;
  /** What else is to happen when it starts in place. */
  inPlace?: (tx: Queryable) => Promise<void>;
}

/**
 * Gives a conversation a session: a slot is reserved, the session opened, and
 * then either the place itself becomes its conversation, together with the
 * decision to say so, or a message is posted whose thread does.
 *
 * A thread and direct messages are such places while they have no other
 * session; a channel never is. A mention stays in the thread that it is in or
 * begins; a slash command and a button are in none that could be theirs. At no point does a mapping stand for the bare
 * channel, and a crash at any point leaves a reservation that the next attempt
 * at the same delivery goes on with.
 */
export async function startSession(bridge: Bridge, start: Start): Promise<void> {
  const { job, place, address } = start;
  const { pool, outbox } = bridge;
  const refuse = async () => {
    const here = await findMapping(pool, place);
    const text = `${takenText(here?.sessionId ?? "")}\n${ELSEWHERE}`;
    await outbox.decide(job, async () => [draft(address, { text })]);
  };
  if (start.staysHere && (await isTaken(pool, place))) return refuse();
  const opened = await openSession(bridge, start);
  if (!opened) return;
  const { mapping, session } = opened;

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
  if (!start.staysHere && (!canStay || (await isTaken(pool, place)))) return moveOut();
  await stay().catch(async (error: unknown) => {
    if (!isUniqueViolation(error, ONE_ACTIVE)) throw error;
    if (!start.staysHere) return moveOut();
    await takeBack(bridge, mapping);
    return refuse();
  });
}

/**
 * Gives a conversation a session for a message to be said to, without a word of
 * its own; if the conversation gets another one meanwhile, that is the one. A
 * crash afterwards is no matter: the next attempt at the message finds the
 * conversation with its session. Returns whether it has one; else its user was
 * told why not.
 */
export async function beginInPlace(
  bridge: Bridge,
  start: Pick<Start, "job" | "user" | "place" | "address" | "open">,
): Promise<boolean> {
  const opened = await openSession(bridge, { ...start, begins: true });
  if (!opened) return false;
  const { mapping } = opened;
  await activate(bridge.pool, mapping, start.place.thread).catch((error: unknown) => {
    if (!isUniqueViolation(error, ONE_ACTIVE)) throw error;
    return takeBack(bridge, mapping);
  });
  return true;
}

/** Reserves a slot and opens the session for it; undefined when the user has no slot left, and was told so. */
async function openSession(
  bridge: Bridge,
  start: Pick<Start, "job" | "user" | "place" | "address" | "open" | "begins" | "slash">,
): Promise<{ mapping: number; session: Session } | undefined> {
  const { job, user, place } = start;
  const { pool, config } = bridge;
  const limit = config.maxSessionsPerUser;
  const takeSlot = () => transaction(pool, (tx) => reserve(tx, job.id, place, user, limit));
  let mapping = await takeSlot();
  if (mapping === undefined) {
    await freeDeadSlots(bridge, job, place, user);
    mapping = await takeSlot();
  }
  if (mapping === undefined) {
    await limitReached(bridge, start);
    return undefined;
  }
  const session = await start.open().catch(async (error: unknown) => {
    // Told now and not tried again; any other failure is.
    if (error instanceof BackendError) await abandon(pool, mapping, async () => {});
    throw error;
  });
  const { sessionId, project, description, workingDir } = session;
  await assign(pool, mapping, { sessionId, project, description, workingDir }, start.begins);
  return { mapping, session };
}

/** Gives a reservation back for which there is no place any more, and ends the session that was begun for it. */
function takeBack({ pool, backend }: Bridge, mapping: number): Promise<void> {
  return abandon(pool, mapping, (sessionId) => backend.end(sessionId, NO_PLACE));
}
