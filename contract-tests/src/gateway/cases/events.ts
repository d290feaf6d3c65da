import assert from "node:assert/strict";
import type { Case } from "../../case.js";
import { openEvents } from "../events.js";
import type { TurnKind } from "../shapes.js";
import {
  API,
  assertAnswer,
  type GatewaySubject,
  get,
  list,
  newSession,
  post,
  say,
  submit,
  transcript,
} from "../subject.js";

/** The event stream: the state first, then what changes. */
export const eventsCases: Case<GatewaySubject>[] = [
  {
    name: "GET /events is an event stream that nobody may store, and begins with the sessions",
    async run(subject) {
      const { session_id } = await newSession(subject);
      using stream = await openEvents(subject);
      assert.match(stream.headers.get("content-type") ?? "", /^text\/event-stream/);
      assert.match(stream.headers.get("cache-control") ?? "", /no-cache|no-store/);
      const { sessions } = await list(subject, { limit: "100" });
      assert.deepEqual([...stream.list.values()], sessions);
      assert.equal(sessions[0]?.session_id, session_id);
    },
  },
  {
    name: "GET /events says how often it shows that the line is not dead, and shows it",
    async run(subject) {
      const response = await fetch(`${subject.url}${API}/events`, { method: "HEAD" });
      assert.match(response.headers.get("content-type") ?? "", /^text\/event-stream/);
      const seconds = Number(response.headers.get("heartbeat") ?? "0");
      using stream = await openEvents(subject);
      const told = Number(stream.headers.get("heartbeat"));
      assert.ok(told > 0 && told <= 60, `a heartbeat every ${told} s`);
      assert.ok(seconds === 0 || seconds === told, "HEAD tells other headers");
    },
  },
  {
    name: "an open event stream tells sessions that are new, put aside, spoken to and ended",
    async run(subject) {
      using stream = await openEvents(subject);
      const { session_id: first } = await newSession(subject, { description: "Heard of" });
      await stream.until("a new session", () => stream.list.get(first)?.is_active === true);
      assert.equal(stream.list.get(first)?.description, "Heard of");
      const { session_id: second } = await newSession(subject);
      await stream.until("both", () => {
        const [aside, active] = [stream.list.get(first), stream.list.get(second)];
        return aside?.is_active === false && active?.is_active === true;
      });
      const before = stream.list.get(first)?.last_active ?? "";
      await say(subject, "hello", first);
      await stream.until("a message", () => (stream.list.get(first)?.last_active ?? "") > before);
      await post(subject, `${API}/end`, {});
      await stream.until("an end", () => stream.list.get(second)?.state === "ended");
      const { sessions } = await list(subject, { limit: "2" });
      assert.deepEqual(
        new Set(sessions),
        new Set([stream.list.get(first), stream.list.get(second)]),
      );
    },
  },
  {
    name: "GET /events of a session tells its snapshot, then a turn whose pieces make up the reply",
    async run(subject) {
      const { session_id } = await newSession(subject, { description: "Watched" });
      using stream = await openEvents(subject, session_id);
      const { session, turns } = stream.snapshot ?? assert.fail();
      assert.equal(session.state, "active");
      assert.equal(session.description, "Watched");
      assert.equal(session.ended_at, null);
      assert.deepEqual(turns, []);
      const response = await say(subject, "slow 0.5 streamed");
      const { turn, kinds } = await stream.finished(1);
      assert.equal(turn.reply, response);
      assert.deepEqual(unique(kinds), ["queued", "started", "text", "completed"]);
      assert.deepEqual((await transcript(subject, session_id)).turns, [turn]);
    },
  },
  {
    name: "each turn of a session is told from its acceptance to its one end",
    async run(subject) {
      const { session_id } = await newSession(subject);
      using stream = await openEvents(subject, session_id);
      for (let n = 1; n <= 3; n++) {
        await say(subject, `turn ${n}`);
        const { turn, kinds } = await stream.finished(n);
        assert.equal(turn.message, `turn ${n}`);
        assert.deepEqual(unique(kinds), ["queued", "started", "text", "completed"]);
      }
      await theRest(subject, stream, session_id);
      assert.equal(stream.turns.size, 3);
    },
  },
  {
    name: "a turn that waits is told at once as queued, and starts when the one before is over",
    async run(subject) {
      const { session_id } = await newSession(subject);
      using stream = await openEvents(subject, session_id);
      await submit(subject, "slow 30");
      await submit(subject, "waits");
      await stream.until("the turn that waits", () => stream.turns.has(2));
      const waiting = stream.turns.get(2) ?? assert.fail();
      assert.deepEqual([waiting.turn.state, waiting.turn.message], ["queued", "waits"]);
      await post(subject, `${API}/cancel`, { seq: 1 });
      const { turn, kinds } = await stream.finished(2);
      assert.equal(stream.turns.get(1)?.kinds.at(-1), "cancelled");
      assert.deepEqual(unique(kinds), ["queued", "started", "text", "completed"]);
      assert.equal(turn.state, "completed");
    },
  },
  {
    name: "a turn that is cancelled while it waits is told as cancelled, and never starts",
    async run(subject) {
      const { session_id } = await newSession(subject);
      using stream = await openEvents(subject, session_id);
      await submit(subject, "slow 30");
      await submit(subject, "waits in vain");
      await post(subject, `${API}/cancel`, { seq: 2 });
      assert.deepEqual((await stream.finished(2)).kinds, ["queued", "cancelled"]);
      await post(subject, `${API}/end`, { session_id });
    },
  },
  {
    name: "a snapshot of a session with three turns equals its transcript",
    async run(subject) {
      const { session_id } = await newSession(subject);
      for (const message of ["one", "two", "three"]) await say(subject, message);
      using stream = await openEvents(subject, session_id);
      const { session: _, ...told } = stream.snapshot ?? assert.fail();
      const { session_id: id, ...expected } = await transcript(subject, session_id);
      assert.equal(id, session_id);
      assert.deepEqual(told, expected);
      assert.equal(told.turns.length, 3);
    },
  },
  {
    name: "a client that opens the stream in mid-turn is told what came before, and goes on from there",
    async run(subject) {
      const { session_id } = await newSession(subject);
      using first = await openEvents(subject, session_id);
      await submit(subject, "slow 1.5 many pieces are told, one after the other");
      await first.until("a piece", () => first.turns.get(1)?.kinds.includes("text") === true);
      using second = await openEvents(subject, session_id);
      assert.equal(second.snapshot?.turns.length, 1);
      const [one, two] = [await first.finished(1), await second.finished(1)];
      assert.deepEqual(two.turn, one.turn);
    },
  },
  {
    name: "GET /events of a session tells its end, and nothing of it after that",
    async run(subject) {
      const { session_id } = await newSession(subject);
      using stream = await openEvents(subject, session_id);
      await say(subject, "before the end");
      await stream.finished(1);
      assertAnswer(await post(subject, `${API}/end`, {}), 200, { ended: true });
      await stream.until("the end", () => stream.ended !== undefined);
      await theRest(subject, stream, session_id);
    },
  },
  {
    name: "GET /events of an ended session tells its last snapshot",
    async run(subject) {
      const { session_id } = await newSession(subject);
      await say(subject, "to be read later");
      await post(subject, `${API}/end`, {});
      using stream = await openEvents(subject, session_id);
      assert.equal(stream.snapshot?.session.state, "ended");
      assert.deepEqual(stream.snapshot.turns, (await transcript(subject, session_id)).turns);
    },
  },
  {
    name: "GET /events of an unknown session is 404, in JSON",
    async run(subject) {
      const answer = await get(subject, `${API}/events?session=no-such-session`);
      assertAnswer(answer, 404, { error: "Session 'no-such-session' not found" });
    },
  },
];

/** Reads what the stream has still to tell of the session: up to a new session's entry. */
async function theRest(
  subject: GatewaySubject,
  stream: Awaited<ReturnType<typeof openEvents>>,
  sessionId: string,
): Promise<void> {
  const { session_id: next } = await newSession(subject);
  await stream.until("a new session", () => stream.list.has(next));
  assert.ok(stream.list.has(sessionId));
}

/** Without repeats one after the other: how many pieces a text comes in is free. */
function unique(kinds: TurnKind[]): TurnKind[] {
  return kinds.filter((kind, at) => kind !== kinds[at - 1]);
}
