import assert from "node:assert/strict";
import { EventSourceParserStream } from "eventsource-parser/stream";
import { z } from "zod";
import { TurnReader } from "./reading-turns.js";
import { Entry, Session, SessionList, Snapshot, TURN_KINDS, TurnEvent } from "./shapes.js";
import { API, type GatewaySubject, PATIENCE_MS } from "./subject.js";

/** The names of the events that this suite knows; later versions may add others. */
const KNOWN = new Set(["sessions", "session", "snapshot", "turn", "ended"]);

/** Opens the web chat's event stream; of a session, reads on to its snapshot. */
export async function openEvents(
  { url, patienceMs = PATIENCE_MS }: GatewaySubject,
  sessionId?: string,
): Promise<EventReader> {
  const hangUp = new AbortController();
  const query = sessionId === undefined ? "" : `?session=${sessionId}`;
  const response = await fetch(`${url}${API}/events${query}`, { signal: hangUp.signal });
  assert.equal(response.status, 200);
  assert.ok(response.body);
  const events = new EventReader(sessionId, response.headers, response.body, hangUp, patienceMs);
  try {
    await events.until("the state", () => events.lists > 0 && (!sessionId || !!events.snapshot));
    return events;
  } catch (error) {
    events[Symbol.dispose]();
    throw error;
  }
}

/**
 * An event stream that is being read strictly: each event has to be as
 * docs/http-api.md has it, and has to be one that may follow those before it.
 * Events of kinds that the document does not name are ignored. Disposing it hangs up.
 */
export class EventReader implements Disposable {
  /** How often the whole list was told. */
  lists = 0;
  /** The list by id, as the stream has told it so far. */
  readonly list = new Map<string, Entry>();
  /** The newest snapshot. */
  snapshot: Snapshot | undefined;
  /** The turns by seq, as they stand now. */
  readonly turns = new Map<number, TurnReader>();
  /** The session as its end told it. */
  ended: Session | undefined;
  private readonly events: ReadableStreamDefaultReader<{
    event?: string | undefined;
    data: string;
  }>;

  constructor(
    private readonly sessionId: string | undefined,
    readonly headers: Headers,
    body: ReadableStream<Uint8Array>,
    private readonly hangUp: AbortController,
    private readonly patienceMs: number,
  ) {
    this.events = body
      .pipeThrough(new TextDecoderStream())
      .pipeThrough(new EventSourceParserStream())
      .getReader();
  }

  /** Reads on until the condition holds. @throws at a wrong event, and when the patience is over. */
  async until(what: string, condition: () => boolean): Promise<void> {
    const patience = setTimeout(() => {
      this.hangUp.abort(new Error(`the stream did not tell ${what}`));
    }, this.patienceMs);
    try {
      while (!condition()) {
        const { done, value } = await this.events.read();
        if (done) assert.fail(`the stream ended before it told ${what}`);
        this.tell(value.event ?? "message", JSON.parse(value.data));
      }
    } finally {
      clearTimeout(patience);
    }
  }

  /** The turn once its final event was told. */
  async finished(seq: number): Promise<TurnReader> {
    await this.until(`the end of turn ${seq}`, () => this.turns.get(seq)?.over === true);
    return this.turns.get(seq) ?? assert.fail();
  }

  private tell(event: string, data: unknown): void {
    if (!KNOWN.has(event)) return;
    if (this.lists === 0) assert.equal(event, "sessions", "sessions come first");
    if (event === "sessions") {
      this.lists += 1;
      this.list.clear();
      for (const entry of SessionList.parse(data).sessions) this.list.set(entry.session_id, entry);
    } else if (event === "session") {
      const { session } = z.object({ session: Entry }).parse(data);
      this.list.set(session.session_id, session);
    } else if (event === "snapshot") this.tellSnapshot(Snapshot.parse(data));
    else if (event === "turn") this.tellTurn(data);
    else if (event === "ended") {
      this.checkNotOver(event);
      this.ended = z.object({ session: Session }).parse(data).session;
      assert.equal(this.ended.session_id, this.sessionId);
      assert.equal(this.ended.state, "ended");
      assert.ok(this.ended.ended_at, "an ended session without ended_at");
    }
  }

  private tellSnapshot(snapshot: Snapshot): void {
    this.checkNotOver("snapshot");
    assert.equal(snapshot.session.session_id, this.sessionId, "a snapshot of another session");
    const seqs = snapshot.turns.map(({ seq }) => seq);
    const first = seqs[0] ?? 1;
    assert.deepEqual(
      seqs,
      seqs.map((_, at) => first + at),
      "turns that are not in order",
    );
    assert.equal(snapshot.has_more, first > 1, "has_more and the first turn disagree");
    this.snapshot = snapshot;
    this.turns.clear();
    for (const turn of snapshot.turns) this.turns.set(turn.seq, new TurnReader(turn));
  }

  private tellTurn(data: unknown): void {
    this.checkNotOver("turn");
    assert.ok(this.snapshot, "a turn before the snapshot");
    const { type } = z.object({ type: z.string() }).parse(data);
    if (!TURN_KINDS.includes(type)) return;
    const event = TurnEvent.parse(data);
    const { seq } = event;
    if ("turn" in event) assert.equal(event.turn.seq, seq, "the seq of event and turn differ");
    const known = this.turns.get(seq);
    if (known) {
      known.tell(event);
      return;
    }
    assert.ok(event.type === "queued", `turn ${seq} began with ${event.type}`);
    const newest = Math.max(0, ...this.turns.keys());
    assert.equal(seq, newest + 1, `turn ${seq} came after turn ${newest}`);
    const turn = new TurnReader(event.turn);
    this.turns.set(seq, turn);
    turn.tell(event);
  }

  private checkNotOver(event: string): void {
    assert.ok(this.sessionId, `${event} in a stream of no session`);
    assert.equal(this.ended, undefined, `${event} came after the end of the session`);
  }

  [Symbol.dispose](): void {
    this.hangUp.abort();
  }
}
