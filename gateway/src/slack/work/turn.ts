import { BackendError, isDead, Reason, type Turn, type TurnEvent } from "../../backend/index.js";
import { TurnQuestions } from "../approvals/follow.js";
import type { SlackMessage } from "../door/delivery.js";
import { idly, type Job } from "../inbox/job.js";
import { addWriter } from "../mappings/involved.js";
import { type Mapping, touch } from "../mappings/store.js";
import { agentReply } from "../text/agent-reply.js";
import type { SlackText } from "../text/message.js";
import { isAdmitted } from "./admit.js";
import { type Bridge, draft, patiently } from "./bridge.js";
import { sessionDied } from "./dead.js";
import { failureText } from "./failure.js";
import { filesNote } from "./files.js";

/**
 * Sends a message to the conversation's session and decides the reply. Only a
 * dead session ends the mapping; whatever else fails is told and keeps it.
 * @param text what the agent reads, as its author saw it
 */
export async function runTurn(
  bridge: Bridge,
  job: Job,
  message: SlackMessage,
  mapping: Mapping,
  text: string,
): Promise<void> {
  const { user, place } = message;
  if (!(await isAdmitted(bridge, job, { ...message, address: place }))) return;
  if (!mapping.writers.includes(user)) await addWriter(bridge.pool, mapping.id, user);
  const reply = await answer(bridge, job, message, mapping, text);
  if (reply === "dead") return sessionDied(bridge, job, message, mapping);
  await bridge.outbox.decide(job, async (tx) => {
    await touch(tx, mapping.id);
    const { failed } = reply;
    const note = filesNote(message);
    const parts = note === undefined ? reply.parts : [...reply.parts, note];
    return parts.map((part) => ({ ...draft(message.place, part), failed }));
  });
}

/** What is said to a message. */
interface TurnReply {
  parts: SlackText[];
  /** Whether the turn was not completed. */
  failed: boolean;
}

async function answer(
  bridge: Bridge,
  job: Job,
  { user, place }: SlackMessage,
  { sessionId, createdBy }: Mapping,
  message: string,
): Promise<TurnReply | "dead"> {
  const author = { surface: "slack", user, displayName: "" };
  const request = { sessionId, message, requestId: job.requestId, author };
  const users = [...new Set([user, createdBy])];
  const questions = new TurnQuestions(bridge, job, { place, sessionId, users });
  let turn: Turn | undefined;
  let stopped: Turn | undefined;
  try {
    const telling = bridge.backend.sendStream(request, patiently(bridge, job));
    for await (const told of idly(job, telling, (each) => !isPiece(each))) {
      await questions.note(told);
      turn = completed(told) ?? turn;
      if (told.event?.$case === "cancelled") stopped = told.event.value;
    }
    if (!turn) throw new BackendError("internal", "The turn has no end.", undefined, "OK");
  } catch (error) {
    if (isDead(error)) return "dead";
    if (!(error instanceof BackendError)) throw error;
    if (error.kind === "turn") await questions.expire(error.seq);
    bridge.logger.warn(
      { err: error, session: sessionId, code: error.code },
      "turn without a reply",
    );
    const failure = { text: failureText(error) };
    // What was said until then stays.
    const said = error.reason === Reason.TURN_CANCELLED && stopped?.reply.trim();
    return { parts: said ? [...agentReply(said), failure] : [failure], failed: true };
  }
  return { parts: agentReply(turn.reply), failed: false };
}

function completed({ event }: TurnEvent): Turn | undefined {
  return event?.$case === "completed" ? event.value : undefined;
}

/** Whether it tells a piece of what the end of the turn tells whole. */
function isPiece({ event }: TurnEvent): boolean {
  return ["textDelta", "thoughtDelta", "toolCall"].includes(event?.$case ?? "");
}
