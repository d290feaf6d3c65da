import { status } from "@grpc/grpc-js";
import { expect, test } from "vitest";
import { drain, eventually, failure, newSession, testBackend } from "./backend.js";
import { steeredAgent } from "./steered-agent.js";

const MANY = Array.from({ length: 20 }, (_, index) => index);

test("turns of a session run one at a time in the order of acceptance", async () => {
  const agent = steeredAgent();
  await using running = await testBackend({}, { agents: [agent] });
  const { sessions } = running;
  const sessionId = await newSession(sessions);
  const answers = await Promise.all(
    MANY.map((n) => sessions.send({ sessionId, message: `message ${n}` })),
  );
  const { turns } = await sessions.listTurns({ sessionId });
  expect(turns.map((turn) => turn.seq)).toEqual(MANY.map((n) => n + 1));
  expect(agent.prompts).toEqual(turns.map((turn) => turn.message));
  expect(answers.map(({ reply }) => reply)).toEqual(MANY.map((n) => `echo: message ${n}`));
  expect((await sessions.get({ sessionId })).session).toMatchObject({
    turnCount: 20,
    openTurns: 0,
  });
  await eventually(() => expect(agent.openSessions()).toBe(0));
});

test("the same request is one turn, however often and however fast it is sent", async () => {
  const agent = steeredAgent();
  await using running = await testBackend({}, { agents: [agent] });
  const { sessions } = running;
  const sessionId = await newSession(sessions);
  const request = { sessionId, message: "once", requestId: "r1" };
  const answers = await Promise.all(MANY.map(() => sessions.send(request)));
  expect(new Set(answers.map(({ turn }) => turn?.seq))).toEqual(new Set([1]));
  expect(await sessions.send(request)).toEqual(answers[0]);
  expect(agent.prompts).toEqual(["once"]);
  // The id is the session's own: another session has its own turn under it.
  const other = await newSession(sessions);
  await sessions.send({ ...request, sessionId: other });
  expect(agent.prompts).toEqual(["once", "once"]);
});

test("create is idempotent by request id, also when called at once", async () => {
  await using running = await testBackend();
  const { sessions } = running;
  const created = await Promise.all(MANY.map(() => sessions.create({ requestId: "c1" })));
  expect(new Set(created.map(({ session }) => session?.sessionId)).size).toBe(1);
  const others = await Promise.all(MANY.map(() => sessions.create({})));
  expect(new Set(others.map(({ session }) => session?.sessionId)).size).toBe(MANY.length);
});

test("a held session delays no other, and its queue is bounded", async () => {
  const agent = steeredAgent();
  await using running = await testBackend({ TURN_QUEUE_LIMIT: "3" }, { agents: [agent] });
  const { sessions } = running;
  const sessionId = await newSession(sessions);
  const held: Promise<{ reply: string }>[] = [];
  for (const message of ["hold 1", "two", "three"]) {
    held.push(sessions.send({ sessionId, message, requestId: message }));
    await eventually(async () =>
      expect((await sessions.get({ sessionId })).session?.openTurns).toBe(held.length),
    );
  }
  expect(await failure(sessions.send({ sessionId, message: "four" }))).toMatchObject({
    code: status.RESOURCE_EXHAUSTED,
    reason: "QUEUE_FULL",
  });
  // A repeat of what waits is no new turn.
  const joined = sessions.send({ sessionId, message: "two", requestId: "two" });
  const other = await newSession(sessions);
  expect((await sessions.send({ sessionId: other, message: "quick" })).reply).toBe("echo: quick");
  agent.release("hold 1");
  const replies = (await Promise.all([...held, joined])).map(({ reply }) => reply);
  expect(replies).toEqual(["begun done", "echo: two", "echo: three", "echo: two"]);
});

test("who joins a running turn is told all that was told so far", async () => {
  const agent = steeredAgent();
  await using running = await testBackend({}, { agents: [agent] });
  const { sessions } = running;
  const sessionId = await newSession(sessions);
  const request = { sessionId, message: "hold on", requestId: "r" };
  const first = drain(sessions.sendStream(request));
  await eventually(async () =>
    expect((await sessions.listTurns({ sessionId })).turns[0]?.reply).toBe("begun "),
  );
  const second = sessions.sendStream(request);
  const opening = await second.next();
  expect(opening.value?.event?.event).toMatchObject({
    $case: "started",
    value: { reply: "begun " },
  });
  const rest = drain(second);
  agent.release("hold on");
  for (const { items, error } of [await first, await rest]) {
    expect(error).toBeUndefined();
    expect(items.at(-1)?.event?.event).toMatchObject({
      $case: "completed",
      value: { reply: "begun done" },
    });
  }
  // Told again after its end: accepted, then done.
  const again = await drain(sessions.sendStream(request));
  expect(again.items.map((item) => item.event?.event?.$case)).toEqual(["started", "completed"]);
});

test("a caller that goes away or runs out of time does not stop the turn", async () => {
  const agent = steeredAgent();
  await using running = await testBackend({}, { agents: [agent] });
  const { sessions } = running;
  const sessionId = await newSession(sessions);
  const request = { sessionId, message: "hold on", requestId: "r" };
  const impatient = failure(sessions.send(request, { timeout: 300 }));
  const gone = new AbortController();
  const leaving = failure(sessions.send(request, { signal: gone.signal }));
  await eventually(() => expect(agent.prompts).toHaveLength(1));
  gone.abort();
  expect(await leaving).toMatchObject({ code: status.CANCELLED });
  expect(await impatient).toMatchObject({ code: status.DEADLINE_EXCEEDED });
  agent.release("hold on");
  expect((await sessions.send(request)).reply).toBe("begun done");
  expect(agent.prompts).toEqual(["hold on"]);
});
