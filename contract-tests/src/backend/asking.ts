import assert from "node:assert/strict";
import {
  type Approval,
  type ApprovalOption,
  ApprovalOptionKind,
  type Author,
  type DeepPartial,
  SendRequest,
  type Turn,
  type TurnEvent,
} from "@amp/proto";
import { emptyTold, newSession, type Told, tell, transcript } from "./steps.js";
import type { BackendSubject } from "./subject.js";
import { LONGEST_WATCH_MS } from "./watching.js";

/** A turn whose stream is read only as far as somebody asks for it. */
export interface AskingTurn {
  sessionId: string;
  /** Reads on until the agent asks; returns the question as it was told. */
  question(): Promise<Approval>;
  /** Reads on until the stream is over, also when it fails. */
  rest(): Promise<Told>;
}

/** Sends a message that makes the agent ask, in a new session unless one is given. */
export async function beginAsking(
  subject: BackendSubject,
  request: DeepPartial<SendRequest> = {},
): Promise<AskingTurn> {
  const sessionId = request.sessionId ?? (await newSession(subject)).sessionId;
  const sent = SendRequest.fromPartial({ message: "approve this", ...request, sessionId });
  // A backend that loses an answer must not keep the suite for ever.
  const stream = subject.client.sendStream(sent, { timeout: LONGEST_WATCH_MS });
  const told = emptyTold();

  async function next(): Promise<TurnEvent | undefined> {
    const { value } = await stream.next();
    if (value?.event) tell(told, value.event);
    return value?.event;
  }

  async function question(): Promise<Approval> {
    for (let event = await next(); event; event = await next()) {
      if (event.event?.$case === "approvalRequested") return event.event.value;
    }
    return assert.fail("the turn ended, and nothing was asked");
  }

  async function rest(): Promise<Told> {
    try {
      while (await next());
    } catch (error) {
      told.error = error;
    }
    return told;
  }

  return { sessionId, question, rest };
}

/** A question that waits for its answer. */
export interface OpenQuestion extends Omit<AskingTurn, "question"> {
  approval: Approval;
}

/** The same, read up to its first question. */
export async function askedTurn(
  subject: BackendSubject,
  request: DeepPartial<SendRequest> = {},
): Promise<OpenQuestion> {
  const { question, ...turn } = await beginAsking(subject, request);
  return { ...turn, approval: await question() };
}

/** Somebody who answers, on this surface. */
export function person(user: string, surface = "web"): Author {
  return { surface, user, displayName: `${user} of ${surface}` };
}

/** What somebody answers to a question. */
export interface Answer {
  approvalId: string;
  optionId: string;
  /** Undefined when nobody in particular does. */
  decidedBy: Author | undefined;
}

/** What somebody may choose, whatever the agent calls it. */
export type Choice = "allow" | "reject";

/** The answer that chooses so. */
export function answerTo(
  approval: Approval,
  choice: Choice,
  decidedBy: Author | undefined,
): Answer {
  const { approvalId } = approval;
  return { approvalId, optionId: optionOf(approval, choice).optionId, decidedBy };
}

/** Answers. Returns the question as the call told it. @throws what the call failed with. */
export async function resolve(
  { client }: BackendSubject,
  sessionId: string,
  answer: Answer,
): Promise<Approval> {
  const { approval } = await client.resolveApproval({ sessionId, ...answer });
  assert.ok(approval, "ResolveApproval answered without an approval");
  return approval;
}

/** The only turn of a session, as ListTurns tells it. */
export async function onlyTurn(subject: BackendSubject, sessionId: string): Promise<Turn> {
  const [turn, ...others] = await transcript(subject, sessionId);
  assert.ok(turn, "the turn is not in the transcript");
  assert.equal(others.length, 0);
  return turn;
}

const KINDS: Record<Choice, ApprovalOptionKind[]> = {
  allow: [ApprovalOptionKind.ALLOW_ONCE, ApprovalOptionKind.ALLOW_ALWAYS],
  reject: [ApprovalOptionKind.REJECT_ONCE, ApprovalOptionKind.REJECT_ALWAYS],
};

/** The option that allows or rejects, which every question of the suite has to have. */
export function optionOf({ options }: Approval, choice: Choice): ApprovalOption {
  const option = options.find(({ kind }) => KINDS[choice].includes(kind));
  return option ?? assert.fail(`there is no option to ${choice}`);
}
