import { connect } from "node:net";
import { connectSessions } from "@amp/proto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { EventReader, Json } from "./web-client.js";
import { WebClient } from "./web-client.js";
import { type System, startSystem } from "./web-system.js";

let system: System;
beforeAll(async () => {
  system = await startSystem();
});
afterAll(() => system[Symbol.asyncDispose]());
beforeEach(async () => {
  await system.pool.query("delete from web_mappings");
});

function post(sessionId: string, message: string) {
  const body = { session_id: sessionId, message };
  return system.web.post("/chat", body, { prefer: "respond-async" });
}

/** What a client has that appends deltas and replaces whole turns, as the page does. */
function replies(events: EventReader): Map<number, string> {
  const replies = new Map<number, string>();
  for (const { event, data } of events.seen) {
    const whole = event === "snapshot" ? (data["turns"] as Json[]) : [data["turn"] as Json];
    if (event === "snapshot") replies.clear();
    if (event === "snapshot" || data["turn"]) {
      for (const turn of whole) replies.set(turn["seq"] as number, turn["reply"] as string);
    } else if (event === "turn" && data["type"] === "text") {
      const seq = data["seq"] as number;
      replies.set(seq, `${replies.get(seq)}${data["text"]}`);
    }
  }
  return replies;
}

const types = (events: EventReader) => events.of("turn").map(({ type }) => type);

describe("the list", () => {
  test("comes first, and then each entry that changes", async () => {
    await using events = await system.web.events();
    await expect.poll(() => events.of("sessions")).toEqual([{ sessions: [] }]);
    const sessionId = await system.web.begin({ description: "new" });
    await expect
      .poll(() => events.list())
      .toMatchObject([
        { session_id: sessionId, description: "new", is_active: true, state: "active" },
      ]);
    await system.web.post("/end");
    await expect
      .poll(() => events.list())
      .toMatchObject([{ session_id: sessionId, is_active: false, state: "ended" }]);
    expect(events.of("sessions")).toHaveLength(1);
  });

  test("changes reach the clients of other gateways", async () => {
    await using gateway = await system.anotherGateway();
    await using events = await new WebClient(gateway.url).events();
    await expect.poll(() => events.of("sessions")).toHaveLength(1);
    const sessionId = await system.web.begin();
    await expect.poll(() => events.list()).toMatchObject([{ session_id: sessionId }]);
  });

  test("of others is not told", async () => {
    await using events = await system.web.events();
    await expect.poll(() => events.of("sessions")).not.toHaveLength(0);
    await system.pool.query(
      `insert into web_mappings (user_id, agent, working_dir, description, state, session_id)
       values ('somebody else', '', '', '', 'active', 'theirs')`,
    );
    const mine = await system.web.begin();
    await expect.poll(() => events.list()).toMatchObject([{ session_id: mine }]);
    expect(JSON.stringify(events.seen)).not.toContain("theirs");
  });
});

describe("a session", () => {
  test("begins with a snapshot and is told as it goes on", async () => {
    const sessionId = await system.web.begin({ description: "about" });
    await system.web.post("/chat", { message: "before" });
    await using events = await system.web.events(sessionId);
    expect(events.headers.get("content-type")).toBe("text/event-stream");
    expect(events.headers.get("cache-control")).toBe("no-cache, no-transform");
    expect(events.headers.get("x-accel-buffering")).toBe("no");
    await expect
      .poll(() => events.of("snapshot"))
      .toMatchObject([
        {
          session: {
            session_id: sessionId,
            agent: "demo",
            description: "about",
            surface: "web",
            state: "active",
            end_reason: "",
            ended_at: null,
          },
          turns: [{ seq: 1, message: "before", state: "completed" }],
          has_more: false,
        },
      ]);
    expect(events.seen[0]?.event).toBe("sessions");

    const { body } = await system.web.post("/chat", { message: "and now" });
    await expect.poll(() => types(events)).toContain("completed");
    expect(types(events)).toContain("started");
    expect(types(events)).toContain("text");
    expect(replies(events).get(2)).toBe(body["response"]);
    expect(events.of("turn").at(-1)).toMatchObject({
      seq: 2,
      type: "completed",
      turn: { message: "and now", reply: body["response"], finished_at: expect.any(String) },
    });
  });

  test("thoughts, tool calls, failures and cancellations are told", async () => {
    const sessionId = await system.web.begin();
    await using events = await system.web.events(sessionId);
    await expect.poll(() => events.of("snapshot")).toHaveLength(1);
    for (const message of ["think", "tool", "fail", "slow 60"]) await post(sessionId, message);
    await expect.poll(() => types(events)).toContain("failed");
    await expect.poll(() => events.of("turn").some(({ seq }) => seq === 4)).toBe(true);
    await system.web.post("/cancel", { seq: 4 });
    await expect.poll(() => types(events)).toContain("cancelled");
    expect(events.of("turn")).toContainEqual({ seq: 1, type: "thought", text: expect.any(String) });
    expect(events.of("turn")).toContainEqual({
      seq: 2,
      type: "tool",
      call: {
        id: expect.any(String),
        title: expect.any(String),
        kind: expect.any(String),
        status: "completed",
        content: expect.any(String),
      },
    });
    expect(events.of("turn").find(({ type }) => type === "failed")).toMatchObject({
      turn: { seq: 3, failure: { code: expect.any(Number), message: expect.any(String) } },
    });
  });

  test("who comes in mid-turn, to any gateway, has the whole answer in the end", async () => {
    const sessionId = await system.web.begin();
    await using first = await system.web.events(sessionId);
    await post(sessionId, "slow 1");
    await expect.poll(() => types(first)).toContain("text");
    await using gateway = await system.anotherGateway();
    await using second = await new WebClient(gateway.url).events(sessionId);
    await expect
      .poll(() => second.of("snapshot"))
      .toMatchObject([
        { turns: [{ seq: 1, state: "running", reply: expect.stringMatching(/./) }] },
      ]);
    for (const events of [first, second]) {
      await expect.poll(() => types(events)).toContain("completed");
      const last = events.of("turn").at(-1)?.["turn"] as Json;
      const deltasOnly = { seen: events.seen.filter(({ data }) => data["type"] !== "completed") };
      expect(replies(deltasOnly as EventReader).get(1)).toBe(last["reply"]);
    }
  });

  test("its end elsewhere is told, and deactivates", async () => {
    const sessionId = await system.web.begin();
    await using events = await system.web.events(sessionId);
    await expect.poll(() => events.of("snapshot")).toHaveLength(1);
    const client = connectSessions(system.backend.address);
    await client.end({ sessionId, reason: "elsewhere" });
    client.close();
    await expect
      .poll(() => events.of("ended"))
      .toMatchObject([
        { session: { session_id: sessionId, state: "ended", end_reason: "elsewhere" } },
      ]);
    await expect
      .poll(() => events.list())
      .toMatchObject([{ session_id: sessionId, is_active: false, state: "ended" }]);
    // The line stays open for the list.
    const next = await system.web.begin();
    await expect
      .poll(() => events.list())
      .toMatchObject([{ session_id: next }, { session_id: sessionId }]);
  });

  test("an ended one can be read", async () => {
    const sessionId = await system.web.begin();
    await system.web.post("/chat", { message: "last words" });
    await system.web.post("/end");
    await using events = await system.web.events(sessionId);
    await expect
      .poll(() => events.of("snapshot"))
      .toMatchObject([{ session: { state: "ended" }, turns: [{ message: "last words" }] }]);
  });

  test("one that the backend has lost is ended, and deactivated", async () => {
    const sessionId = await system.web.begin({ description: "lost" });
    await system.pool.query("delete from amp_backend.turns");
    await system.pool.query("delete from amp_backend.sessions where session_id = $1", [sessionId]);
    await using events = await system.web.events(sessionId);
    await expect
      .poll(() => events.of("snapshot"))
      .toMatchObject([
        { session: { session_id: sessionId, state: "ended", description: "lost" }, turns: [] },
      ]);
    await expect.poll(() => events.list()).toMatchObject([{ state: "ended" }]);
  });

  test("a snapshot has the newest hundred turns", async () => {
    const sessionId = await system.web.begin();
    for (let n = 1; n <= 103; n++) await system.web.post("/chat", { message: `${n}` });
    await using events = await system.web.events(sessionId);
    await expect.poll(() => events.of("snapshot")).toMatchObject([{ has_more: true }]);
    const turns = events.of("snapshot")[0]?.["turns"] as Json[];
    expect(turns.map(({ seq }) => seq)).toEqual(Array.from({ length: 100 }, (_, i) => i + 4));
  });
});

test("while the backend is away trouble is told, then a new snapshot", async () => {
  const sessionId = await system.web.begin();
  await using events = await system.web.events(sessionId);
  await expect.poll(() => events.of("snapshot")).toHaveLength(1);
  await system.backend.stop();
  const message = "The agent service cannot be reached. Trying again.";
  await expect.poll(() => events.of("trouble")).toEqual([{ message }]);
  await system.backend.start();
  await expect.poll(() => events.of("snapshot")).toHaveLength(2);
});

test("a client that does not read holds up nobody else", async () => {
  const sessionId = await system.web.begin();
  const { hostname, port } = new URL(system.gateway.url);
  const stopped = connect(Number(port), hostname).pause();
  stopped.write(
    `GET /apps/web-chat/api/events?session=${sessionId} HTTP/1.1\r\nHost: ${hostname}\r\n\r\n`,
  );
  await using reading = await system.web.events(sessionId);
  await expect.poll(() => reading.of("snapshot")).toHaveLength(1);
  const turns = 30;
  for (let n = 0; n < turns; n++) {
    expect((await system.web.post("/chat", { message: "long 190000" })).status).toBe(200);
  }
  await expect
    .poll(() => types(reading).filter((type) => type === "completed"))
    .toHaveLength(turns);
  stopped.destroy();
});

test("the streams end when the gateway shuts down, well before its grace is over", async () => {
  await using patient = await startSystem({ SHUTDOWN_GRACE: "20s" });
  const gateway = await patient.anotherGateway();
  const web = new WebClient(gateway.url);
  await using events = await web.events(await web.begin());
  await expect.poll(() => events.of("snapshot")).toHaveLength(1);
  const begun = performance.now();
  await gateway[Symbol.asyncDispose]();
  await events.over;
  expect(performance.now() - begun).toBeLessThan(10_000);
});
