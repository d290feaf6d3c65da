import { status } from "@grpc/grpc-js";
import { expect, test } from "vitest";
import { drain, failure, newSession, testBackend } from "./backend.js";
import { steeredAgent } from "./steered-agent.js";

test("a message is answered, and the transcript has it", async () => {
  await using running = await testBackend();
  const { sessions } = running;
  const sessionId = await newSession(sessions);
  const { reply, turn } = await sessions.send({ sessionId, message: "hello there" });
  expect(reply).toMatch(/^This is the demo agent/);
  expect(reply).toContain("hello there");
  expect(turn).toMatchObject({ seq: 1, reply, message: "hello there" });
  const { turns } = await sessions.listTurns({ sessionId });
  expect(turns).toEqual([turn]);
});

test("unknown and ended sessions are not found", async () => {
  await using running = await testBackend();
  const { sessions } = running;
  const unknown = "11111111-2222-3333-4444-555555555555";
  const sessionId = await newSession(sessions);
  expect(await sessions.end({ sessionId, reason: "done" })).toEqual({ ended: true });
  expect(await sessions.end({ sessionId, reason: "again" })).toEqual({ ended: false });
  expect(await sessions.end({ sessionId: unknown })).toEqual({ ended: false });
  for (const [id, reason] of [
    [sessionId, "SESSION_ENDED"],
    [unknown, "SESSION_UNKNOWN"],
  ] as const) {
    const dead = { code: status.NOT_FOUND, reason, field: undefined };
    const send = { sessionId: id, message: "x" };
    expect(await failure(sessions.send(send))).toEqual(dead);
    expect(await failure(sessions.sendStream(send).next())).toEqual(dead);
    expect(await failure(sessions.watch({ sessionId: id }).next())).toEqual(dead);
    expect(await failure(sessions.cancel({ sessionId: id }))).toEqual(dead);
  }
  expect((await sessions.get({ sessionId })).session).toMatchObject({ endReason: "done" });
});

test("a stream tells of acceptance first and of the stored turn last", async () => {
  await using running = await testBackend();
  const { sessions } = running;
  const sessionId = await newSession(sessions);
  const { items, error } = await drain(sessions.sendStream({ sessionId, message: "slow 0.3" }));
  expect(error).toBeUndefined();
  const cases = items.map((item) => item.event?.event?.$case);
  expect(cases[0]).toMatch(/queued|started/);
  expect(cases.filter((each) => each === "textDelta").length).toBeGreaterThan(2);
  expect(cases.at(-1)).toBe("completed");
});

test("an agent is told as many of the newest turns as it asks for, oldest first", async () => {
  await using running = await testBackend({}, { agents: [steeredAgent()] });
  const { sessions } = running;
  const sessionId = await newSession(sessions);
  for (const message of ["a", "b", "c"]) await sessions.send({ sessionId, message });
  const told = async (message: string) => (await sessions.send({ sessionId, message })).reply;
  expect(await told("recent 2")).toBe("b, c");
  expect(await told("recent 9")).toBe("a, b, c, recent 2");
  expect(await told("recent 0")).toBe("");
});
