/**
 * Questions of agents in Slack: a message with buttons, in the thread that the
 * turn was asked in, and later in its place what became of it.
 *
 * Each of the two is an inbox row of our own, in one lane of the question's:
 *
 *   ask    -- the worker of the turn hears of the question --> posted, once, by the outbox
 *   settle -- the turn's worker hears of the decision or of the turn's end,
 *             the session ends, or somebody clicked        --> the message is updated
 *
 * Both rows show the question as it stands when they are worked, so that neither
 * a crash nor a repeat shows anything but the truth.
 */
import { type Queryable, storableJson } from "@amp/postgres";
import { z } from "zod";
import type { Approval } from "../../backend/index.js";
import { enqueue } from "../inbox/store.js";
import { ChannelId, questionDedupeKey, questionLane, TeamId, Ts, UserId } from "../keys.js";

/** What such an inbox row holds. The version before knows it by its type. */
const QuestionRow = z.object({
  type: z.literal("amp_question"),
  step: z.enum(["ask", "settle"]),
  place: z.object({ team: TeamId, channel: ChannelId, thread: Ts.nullable() }),
  sessionId: z.string(),
  approvalId: z.string(),
  /** The turn that asks. */
  seq: z.number(),
  /** Who may answer: who wrote the message of the turn, and who began the session. */
  users: z.array(UserId),
});
export type QuestionRow = z.infer<typeof QuestionRow>;

/** Where a question is asked, and of whom. */
export type Asking = Pick<QuestionRow, "place" | "sessionId" | "users">;

/** Reads the question that an inbox row of this kind is about. */
export function questionOf(content: unknown): QuestionRow {
  return QuestionRow.parse(content);
}

/** Sees to it that a step is done, once, however often it is called. */
export async function enqueueStep(
  db: Queryable,
  step: QuestionRow["step"],
  { place, sessionId, users }: Asking,
  { approvalId, seq }: Pick<Approval, "approvalId" | "seq">,
): Promise<void> {
  const row: QuestionRow = {
    type: "amp_question",
    step,
    place,
    sessionId,
    approvalId,
    seq,
    users,
  };
  const dedupeKey = questionDedupeKey(sessionId, approvalId, step);
  const lane = questionLane(place, approvalId);
  await enqueue(db, { dedupeKey, lane, kind: "amp_question", content: storableJson(row) });
}

/** Sees to it that every question of these sessions, which are dead, shows what became of it. */
export async function settleAll(db: Queryable, sessionIds: string[]): Promise<void> {
  const { rows } = await db.query<{ body: unknown }>(
    `select body from slack_inbox
     where body ->> 'type' = 'amp_question' and body ->> 'sessionId' = any($1)
       and body ->> 'step' = 'ask' and dedupe_key like 'question:%' order by id`,
    [sessionIds],
  );
  for (const { body } of rows) {
    const row = questionOf(body);
    await enqueueStep(db, "settle", row, row);
  }
}

/** A question that was asked in Slack, and its message, once it is posted. */
export async function findAsked(
  db: Queryable,
  sessionId: string,
  approvalId: string,
): Promise<{ row: QuestionRow; channel: ChannelId; ts: Ts | null } | undefined> {
  // Where it was posted, which may be elsewhere than asked for; the last part of it has the buttons.
  const { rows } = await db.query<{ body: unknown; channel: ChannelId | null; ts: Ts | null }>(
    `select body, channel_id as channel, ts from slack_inbox
     left join slack_outbox on inbox_id = slack_inbox.id
     where dedupe_key = $1 order by part desc limit 1`,
    [questionDedupeKey(sessionId, approvalId, "ask")],
  );
  const [asked] = rows;
  if (!asked) return undefined;
  const row = questionOf(asked.body);
  return { row, channel: asked.channel ?? row.place.channel, ts: asked.ts };
}
