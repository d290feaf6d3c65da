import { status } from "@grpc/grpc-js";
import { expect, test } from "vitest";
import { drain, eventually, failure, newSession, testBackend } from "./backend.js";
import { steeredAgent } from "./steered-agent.js";

const CANCELLED = { code: status.CANCELLED, reason: "TURN_CANCELLED" };

test("cancel stops the running turn and tells so when it is stored", async () => {
  const agent = steeredAgent();
  await using running = await testBackend({}, { agents: [agent] });
  const { sessions } = running;
  const sessionId = await newSession(sessions);
  expect(await sessions.cancel({ sessionId })).toEqual({ cancelled: false });
  const request = { sessionId, message: "hold on", requestId: "r" };
  const stream = drain(sessions.sendStream(request));
  const call = failure(sessions.send(request));
  await eventually(async () =>
    expect((await sessions.listTurns({ sessionId })).turns[0]?.reply).toBe("begun "),
  );
  expect(await sessions.cancel({ sessionId })).toEqual({ cancelled: true });
  const [turn] = (await sessions.listTurns({ sessionId })).turns;
  expect(turn).toMatchObject({ state: 5, reply: "begun ", failure: undefined });
  expect(await call).toMatchObject(CANCELLED);
  const { items, error } = await stream;
  expect(items.at(-1)?.event?.event?.$case).toBe("cancelled");
  expect(error).toMatchObject({ code: status.CANCELLED });
  // Final: a repeat answers the same, a second cancel finds nothing.
  expect(await failure(sessions.send(request))).toMatchObject(CANCELLED);
  expect(await sessions.cancel({ sessionId, seq: 1 })).toEqual({ cancelled: false });
  expect((await sessions.send({ sessionId, message: "next" })).reply).toBe("echo: next");
});

test("a turn that waits can be cancelled without touching the others", async () => {
  const agent = steeredAgent();
  await using running = await testBackend({}, { agents: [agent] });
  const { sessions } = running;
  const sessionId = await newSession(sessions);
  const first = sessions.send({ sessionId, message: "hold 1" });
  await eventually(() => expect(agent.prompts).toHaveLength(1));
  const second = failure(sessions.send({ sessionId, message: "two" }));
  await eventually(async () =>
    expect((await sessions.get({ sessionId })).session?.turnCount).toBe(2),
  );
  const third = sessions.send({ sessionId, message: "three" });
  expect(await sessions.cancel({ sessionId, seq: 2 })).toEqual({ cancelled: true });
  expect(await sessions.cancel({ sessionId, seq: 99 })).toEqual({ cancelled: false });
  expect(await second).toMatchObject(CANCELLED);
  agent.release("hold 1");
  expect((await first).reply).toBe("begun done");
  expect((await third).reply).toBe("echo: three");
  expect(agent.prompts).toEqual(["hold 1", "three"]);
});

test("an agent that does not heed the signal is left behind, and the session goes on", async () => {
  const agent = steeredAgent();
  await using running = await testBackend({}, { agents: [agent], stopGrace: 50 });
  const { sessions } = running;
  const sessionId = await newSession(sessions);
  const call = failure(sessions.send({ sessionId, message: "deaf one" }));
  await eventually(() => expect(agent.prompts).toHaveLength(1));
  expect(await sessions.cancel({ sessionId })).toEqual({ cancelled: true });
  expect(await call).toMatchObject(CANCELLED);
  expect((await sessions.send({ sessionId, message: "next" })).reply).toBe("echo: next");
  agent.release("deaf one");
  await eventually(() => expect(agent.openSessions()).toBe(0));
});

test("a turn that takes too long fails, and the agent is told to stop", async () => {
  const agent = steeredAgent();
  await using running = await testBackend({ TURN_TIMEOUT: "100ms" }, { agents: [agent] });
  const { sessions } = running;
  const sessionId = await newSession(sessions);
  expect(await failure(sessions.send({ sessionId, message: "hold on" }))).toMatchObject({
    code: status.DEADLINE_EXCEEDED,
    reason: "TURN_FAILED",
  });
  await eventually(() => expect(agent.openSessions()).toBe(0));
});

test("ending a session cancels its turns, and whoever waits learns that it is dead", async () => {
  const agent = steeredAgent();
  await using running = await testBackend({}, { agents: [agent] });
  const { sessions } = running;
  const sessionId = await newSession(sessions);
  const dead = { code: status.NOT_FOUND, reason: "SESSION_ENDED" };
  const watched = drain(sessions.watch({ sessionId }));
  const runs = failure(sessions.send({ sessionId, message: "hold 1", requestId: "a" }));
  await eventually(() => expect(agent.prompts).toHaveLength(1));
  const waits = drain(sessions.sendStream({ sessionId, message: "two", requestId: "b" }));
  await eventually(async () =>
    expect((await sessions.get({ sessionId })).session?.openTurns).toBe(2),
  );
  expect(await sessions.end({ sessionId, reason: "enough" })).toEqual({ ended: true });
  expect(await runs).toMatchObject(dead);
  const streamed = await waits;
  expect(streamed.items.map((item) => item.event?.event?.$case)).toEqual(["queued", "cancelled"]);
  expect(streamed.error).toMatchObject({ code: status.NOT_FOUND });
  const { items, error } = await watched;
  expect(error).toBeUndefined();
  expect(items.at(-1)?.event).toMatchObject({ $case: "ended", value: { endReason: "enough" } });
  expect(await failure(sessions.send({ sessionId, message: "x", requestId: "a" }))).toMatchObject(
    dead,
  );
  const { turns } = await sessions.listTurns({ sessionId });
  expect(turns.map((turn) => turn.state)).toEqual([5, 5]);
  expect((await sessions.get({ sessionId })).session).toMatchObject({ state: 2, openTurns: 0 });
  await eventually(() => expect(agent.openSessions()).toBe(0));
});
