import assert from "node:assert/strict";
import {
  type Approval,
  type CreateRequest,
  type DeepPartial,
  type ListRequest,
  SendRequest,
  type SendStreamResponse,
  type Session,
  type Turn,
  type TurnEvent,
} from "@amp/proto";
import type { BackendSubject } from "./subject.js";

/** Begins a session with the agent under test. */
export async function newSession(
  { client, agent }: BackendSubject,
  request: DeepPartial<CreateRequest> = {},
): Promise<Session> {
  const { session } = await client.create({ agent: agent ?? "", ...request });
  assert.ok(session, "Create answered without a session");
  return session;
}

/** Runs a turn and returns it. */
export async function say(
  { client }: BackendSubject,
  sessionId: string,
  message: string,
): Promise<Turn> {
  const { turn } = await client.send({ sessionId, message });
  assert.ok(turn, "Send answered without a turn");
  return turn;
}

/** The session as Get tells it. */
export async function getSession({ client }: BackendSubject, sessionId: string): Promise<Session> {
  const { session } = await client.get({ sessionId });
  assert.ok(session, "Get answered without a session");
  return session;
}

/** All turns as ListTurns tells them. A page may be shorter than was asked for. */
export async function transcript({ client }: BackendSubject, sessionId: string): Promise<Turn[]> {
  const all: Turn[] = [];
  let pageToken = "";
  do {
    const page = await client.listTurns({ sessionId, pageSize: 200, pageToken });
    all.push(...page.turns);
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
  return all;
}

/** All sessions that List tells for a filter. A page may be shorter than was asked for. */
export async function listAll(
  { client }: BackendSubject,
  filter: DeepPartial<ListRequest>,
): Promise<Session[]> {
  const all: Session[] = [];
  let pageToken = "";
  do {
    const page = await client.list({ ...filter, pageToken });
    all.push(...page.sessions);
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
  return all;
}

/** The ids of all sessions that List tells for a filter. */
export async function listIds(
  subject: BackendSubject,
  filter: DeepPartial<ListRequest>,
): Promise<string[]> {
  return (await listAll(subject, filter)).map(({ sessionId }) => sessionId);
}

/** Everything a stream tells, until it ends or fails. */
export async function drain<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of stream) items.push(item);
  return items;
}

/** What a stream told of a turn, put together as somebody who shows it would. */
export interface Told {
  /** The kinds of the events, in order. */
  kinds: TurnKind[];
  /** The deltas, from the last whole turn on. */
  reply: string;
  /** The deltas of thoughts, likewise. */
  thought: string;
  /** The questions, as the last event about each told it. */
  approvals: Approval[];
  /** The turn in its final state, if the stream told it. */
  final: Turn | undefined;
  /** What the call failed with, if it did. */
  error: unknown;
}

type TurnKind = NonNullable<TurnEvent["event"]>["$case"];

/** A turn that was accepted. */
export interface BegunTurn {
  /** As the first event held it. */
  turn: Turn;
  /** Resolves when the agent works on it, or when the stream is over. */
  started: Promise<void>;
  /** Resolves when the stream is over, also when it failed. */
  told: Promise<Told>;
}

/**
 * Sends a message and returns as soon as the turn is accepted, which the first
 * event has to say. Not for a turn that fails at once: grpc-js drops messages
 * that nobody has read yet when a status other than OK arrives.
 * @throws what the call failed with before.
 */
export async function begin(
  { client }: BackendSubject,
  request: DeepPartial<SendRequest>,
): Promise<BegunTurn> {
  const stream = client.sendStream(SendRequest.fromPartial(request));
  const first = await stream.next();
  const event = first.value?.event?.event;
  if (event?.$case !== "queued" && event?.$case !== "started") {
    assert.fail(`the first event was ${event?.$case}, not queued or started`);
  }
  const told = emptyTold();
  tell(told, { seq: event.value.seq, event });
  let start = () => {};
  const started = new Promise<void>((resolve) => {
    start = resolve;
  });
  return { turn: event.value, started, told: follow(stream, told, start).finally(start) };
}

/** The same, once the agent works on the turn. */
export async function beginRunning(
  subject: BackendSubject,
  request: DeepPartial<SendRequest>,
): Promise<BegunTurn> {
  const begun = await begin(subject, request);
  await begun.started;
  return begun;
}

export function emptyTold(): Told {
  return { kinds: [], reply: "", thought: "", approvals: [], final: undefined, error: undefined };
}

/** Puts one more event to what was told. One of a kind that a later version of the contract has is ignored. */
export function tell(told: Told, { event }: TurnEvent): void {
  if (!event) return;
  assert.equal(told.final, undefined, `${event.$case} came after the final event`);
  told.kinds.push(event.$case);
  switch (event.$case) {
    case "queued":
    case "started":
      told.reply = event.value.reply;
      told.thought = event.value.thought;
      told.approvals = [...event.value.approvals];
      break;
    case "textDelta":
      told.reply += event.value.text;
      break;
    case "thoughtDelta":
      told.thought += event.value.text;
      break;
    case "approvalRequested":
      told.approvals.push(event.value);
      break;
    case "approvalResolved":
      told.approvals = told.approvals.map((approval) =>
        approval.approvalId === event.value.approvalId ? event.value : approval,
      );
      break;
    case "completed":
    case "failed":
    case "cancelled":
      told.final = event.value;
  }
}

async function follow(
  stream: AsyncIterable<SendStreamResponse>,
  told: Told,
  start: () => void,
): Promise<Told> {
  try {
    if (told.kinds.includes("started")) start();
    for await (const { event } of stream) {
      assert.ok(event, "SendStream answered without an event");
      tell(told, event);
      if (event.event?.$case === "started") start();
    }
  } catch (error) {
    told.error = error;
  }
  return told;
}
