import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { Reason, SessionState, type Turn, TurnState } from "@amp/proto";
import { assertDead, assertFailure } from "./failure.js";
import { getSession, listAll, newSession, transcript } from "./steps.js";
import type { BackendSubject } from "./subject.js";

/** What a session is, and no more: its state and its turns. */
interface ModelSession {
  sessionId: string;
  state: SessionState;
  turns: Turn[];
}

/** The message of each request_id. */
const MESSAGES = ["one", "two", "three", "fail"];

/**
 * A backend and a model of it side by side. Every method makes one call, on the
 * session of a slot, and asserts that it is answered as the model says.
 *
 * A slot is unknown until it is created, then ACTIVE, then ENDED for good.
 * Only an active one takes turns; a request that was sent before answers the
 * stored turn; what is read always equals what was answered.
 */
export class ModelRun {
  private readonly sessions = new Map<number, ModelSession>();
  /** Only this run is on it, so that List sees nothing else. */
  private readonly surface = `model-${randomUUID()}`;

  constructor(private readonly subject: BackendSubject) {}

  async create(slot: number): Promise<void> {
    const { sessionId, state } = await newSession(this.subject, {
      origin: { surface: this.surface },
      requestId: `${this.surface}-${slot}`,
    });
    const expected = this.sessions.get(slot) ?? {
      sessionId,
      state: SessionState.ACTIVE,
      turns: [],
    };
    assert.deepEqual(
      { sessionId, state },
      { sessionId: expected.sessionId, state: expected.state },
    );
    this.sessions.set(slot, expected);
  }

  async send(slot: number, request: number): Promise<void> {
    const session = this.sessions.get(slot);
    const message = MESSAGES[request] ?? "";
    const requestId = `request-${request}`;
    const sessionId = session?.sessionId ?? randomUUID();
    const call = this.subject.client.send({ sessionId, message, requestId });
    if (session?.state !== SessionState.ACTIVE) return this.assertDead(call, session, sessionId);
    const known = session.turns.find((turn) => turn.requestId === requestId);
    const turn =
      message === "fail" ? await this.failed(call, sessionId, requestId) : await done(call);
    if (known) {
      assert.deepEqual(turn, known);
    } else {
      assert.equal(turn.seq, session.turns.length + 1);
      session.turns.push(turn);
    }
  }

  async end(slot: number): Promise<void> {
    const session = this.sessions.get(slot);
    const sessionId = session?.sessionId ?? randomUUID();
    const { ended } = await this.subject.client.end({ sessionId });
    assert.equal(ended, session?.state === SessionState.ACTIVE);
    if (session) session.state = SessionState.ENDED;
  }

  async cancel(slot: number): Promise<void> {
    const session = this.sessions.get(slot);
    const sessionId = session?.sessionId ?? randomUUID();
    const call = this.subject.client.cancel({ sessionId });
    if (session?.state !== SessionState.ACTIVE) return this.assertDead(call, session, sessionId);
    assert.deepEqual(await call, { cancelled: false });
  }

  async read(slot: number): Promise<void> {
    const session = this.sessions.get(slot);
    const sessionId = session?.sessionId ?? randomUUID();
    if (!session)
      return this.assertDead(this.subject.client.get({ sessionId }), session, sessionId);
    const { state, turnCount, openTurns } = await getSession(this.subject, sessionId);
    assert.deepEqual(
      { state, turnCount, openTurns },
      { state: session.state, turnCount: session.turns.length, openTurns: 0 },
    );
    assert.deepEqual(await transcript(this.subject, sessionId), session.turns);
  }

  /** @param state UNSPECIFIED for both. */
  async list(state: SessionState): Promise<void> {
    const sessions = await listAll(this.subject, { surface: this.surface, state });
    const expected = [...this.sessions.values()].filter(
      (session) => state === SessionState.UNSPECIFIED || session.state === state,
    );
    assert.deepEqual(idsOf(sessions), idsOf(expected));
  }

  private assertDead(call: Promise<unknown>, session: ModelSession | undefined, sessionId: string) {
    const reason = session ? Reason.SESSION_ENDED : Reason.SESSION_UNKNOWN;
    return assertDead(call, reason, sessionId);
  }

  /** The stored turn of a call that has to fail as the turn did. */
  private async failed(call: Promise<unknown>, sessionId: string, requestId: string) {
    const error = await call.catch((failure: unknown) => failure);
    const turns = await transcript(this.subject, sessionId);
    const turn = turns.find((each) => each.requestId === requestId);
    assert.equal(turn?.state, TurnState.FAILED);
    assertFailure(error, turn.failure?.code ?? 0, Reason.TURN_FAILED);
    return turn;
  }
}

async function done(call: Promise<{ turn: Turn | undefined }>): Promise<Turn> {
  const { turn } = await call;
  assert.equal(turn?.state, TurnState.COMPLETED);
  return turn;
}

function idsOf(sessions: { sessionId: string }[]): string[] {
  return sessions.map(({ sessionId }) => sessionId).sort();
}
