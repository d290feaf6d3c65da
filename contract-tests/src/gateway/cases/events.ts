import assert from "node:assert/strict";
import type { Case } from "../../case.js";
import { openEvents } from "../events.js";
import { API, type GatewaySubject, newSession, post } from "../subject.js";

/** A turn, as far as it is looked at here. */
interface TurnData {
  type: string;
  text?: string;
  turn?: { reply: string; state: string };
}

/** The event stream: the state first, then what changes. */
export const eventsCases: Case<GatewaySubject>[] = [
  {
    name: "GET /events is an event stream that nobody may store, and begins with the sessions",
    async run(subject) {
      const { session_id } = await newSession(subject);
      using stream = await openEvents(subject);
      assert.match(stream.headers.get("content-type") ?? "", /^text\/event-stream/);
      assert.match(stream.headers.get("cache-control") ?? "", /no-cache|no-store/);
      const { event, data } = await stream.until(() => true);
      assert.equal(event, "sessions");
      const { sessions } = data as { sessions: { session_id: string }[] };
      assert.ok(sessions.some((session) => session.session_id === session_id));
    },
  },
  {
    name: "GET /events of a session tells its snapshot, then a turn whose pieces make up the reply",
    async run(subject) {
      const { session_id } = await newSession(subject);
      using stream = await openEvents(subject, session_id);
      const { data } = await stream.until(({ event }) => event === "snapshot");
      const snapshot = data as { session: { session_id: string; state: string }; turns: unknown[] };
      assert.equal(snapshot.session.session_id, session_id);
      assert.equal(snapshot.session.state, "active");
      assert.deepEqual(snapshot.turns, []);
      const chat = post(subject, `${API}/chat`, { message: "slow 0.5 streamed" });
      let reply = "";
      await stream.until(({ event, data }) => {
        if (event !== "turn") return false;
        const { type, text = "", turn } = data as TurnData;
        if (type === "text") reply += text;
        if (type === "completed") assert.equal(turn?.reply, reply);
        else if (turn) reply = turn.reply;
        return type === "completed";
      });
      const { response } = (await chat).body as { response: string };
      assert.equal(reply, response);
    },
  },
  {
    name: "GET /events of a session tells its end",
    async run(subject) {
      const { session_id } = await newSession(subject);
      using stream = await openEvents(subject, session_id);
      await stream.until(({ event }) => event === "snapshot");
      await post(subject, `${API}/end`, {});
      const { data } = await stream.until(({ event }) => event === "ended");
      assert.equal((data as { session: { state: string } }).session.state, "ended");
    },
  },
];
