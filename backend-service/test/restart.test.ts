import { once } from "node:events";
import { setImmediate } from "node:timers/promises";
import { connectSessions } from "@amp/proto";
import { freePort, testDatabase } from "@amp/stack/testing";
import { type ServiceError, status } from "@grpc/grpc-js";
import { expect, test } from "vitest";
import { backendOn, drain, eventually, failure, newSession, testBackend } from "./backend.js";
import { bootProcess, kill } from "./process.js";
import { steeredAgent } from "./steered-agent.js";

test("a drained backend leaves its open turns to the next one, which runs them by itself", async () => {
  const agent = steeredAgent();
  await using database = await testDatabase();
  const first = await backendOn(database, {}, { agents: [agent] });
  const sessionId = await newSession(first.sessions);
  const running = failure(first.sessions.send({ sessionId, message: "hold on", requestId: "a" }));
  await eventually(() => expect(agent.prompts).toHaveLength(1));
  const waiting = failure(first.sessions.send({ sessionId, message: "two", requestId: "b" }));
  await eventually(async () =>
    expect((await first.sessions.get({ sessionId })).session?.openTurns).toBe(2),
  );
  const watching = drain(first.sessions.watch({ sessionId }));
  await first[Symbol.asyncDispose]();
  const draining = { code: status.UNAVAILABLE, reason: "DRAINING" };
  expect(await running).toMatchObject(draining);
  expect(await waiting).toMatchObject(draining);
  expect((await watching).error).toMatchObject({ code: status.UNAVAILABLE });

  await using second = await backendOn(database, {}, { agents: [agent] });
  await eventually(() => expect(agent.prompts).toEqual(["hold on", "hold on"]));
  const joined = second.sessions.send({ sessionId, message: "hold on", requestId: "a" });
  agent.release("hold on");
  expect((await joined).reply).toBe("begun done");
  await eventually(async () => {
    const { turns } = await second.sessions.listTurns({ sessionId });
    expect(turns.map((turn) => turn.reply)).toEqual(["begun done", "echo: two"]);
  });
});

test("draining lets a running turn end, and takes no new one", async () => {
  const agent = steeredAgent();
  const running = await testBackend({ SHUTDOWN_GRACE: "10s" }, { agents: [agent] });
  await using database = running.database;
  const { sessions } = running;
  const sessionId = await newSession(sessions);
  const held = sessions.send({ sessionId, message: "hold on" });
  await eventually(() => expect(agent.prompts).toHaveLength(1));
  const stopped = running.backend[Symbol.asyncDispose]();
  await eventually(async () =>
    expect(await failure(sessions.send({ sessionId, message: "late" }))).toMatchObject({
      code: status.UNAVAILABLE,
      reason: "DRAINING",
    }),
  );
  agent.release("hold on");
  expect((await held).reply).toBe("begun done");
  await stopped;
  sessions.close();
  await using next = await backendOn(database, {}, { agents: [agent] });
  const { turns } = await next.sessions.listTurns({ sessionId });
  expect(turns.map(({ message, reply }) => [message, reply])).toEqual([["hold on", "begun done"]]);
});

test("a turn whose agent may have acted is not run again, and says so; the next ones go on", async () => {
  const agent = steeredAgent({ repeatable: false });
  await using database = await testDatabase();
  const first = await backendOn(database, {}, { agents: [agent] });
  const sessionId = await newSession(first.sessions);
  const request = { sessionId, message: "hold on", requestId: "a" };
  const cut = failure(first.sessions.send(request));
  await eventually(() => expect(agent.prompts).toHaveLength(1));
  const waits = failure(first.sessions.send({ sessionId, message: "two", requestId: "b" }));
  await eventually(async () =>
    expect((await first.sessions.get({ sessionId })).session?.openTurns).toBe(2),
  );
  await first[Symbol.asyncDispose]();
  await Promise.all([cut, waits]);
  await using second = await backendOn(database, {}, { agents: [agent] });
  const interrupted = { code: status.ABORTED, reason: "TURN_INTERRUPTED" };
  expect(await failure(second.sessions.send(request))).toMatchObject(interrupted);
  expect((await second.sessions.send({ sessionId, message: "two", requestId: "b" })).reply).toBe(
    "echo: two",
  );
  expect(agent.prompts).toEqual(["hold on", "two"]);
});

test("a turn that only waited is run by the next owner, also when its agent may act", async () => {
  const agent = steeredAgent({ repeatable: false });
  await using database = await testDatabase();
  await using first = await backendOn(database, { SHUTDOWN_GRACE: "20s" }, { agents: [agent] });
  const sessionId = await newSession(first.sessions);
  const held = first.sessions.send({ sessionId, message: "hold on" });
  await eventually(() => expect(agent.prompts).toHaveLength(1));
  const request = { sessionId, message: "two", requestId: "b" };
  const waits = failure(first.sessions.send(request));
  await eventually(async () =>
    expect((await first.sessions.get({ sessionId })).session?.openTurns).toBe(2),
  );
  const stopped = first.backend[Symbol.asyncDispose]();
  expect(await waits).toMatchObject({ code: status.UNAVAILABLE, reason: "DRAINING" });
  agent.release("hold on");
  expect((await held).reply).toBe("begun done");
  await stopped;
  await using second = await backendOn(database, {}, { agents: [agent] });
  expect((await second.sessions.send(request)).reply).toBe("echo: two");
  expect(agent.prompts).toEqual(["hold on", "two"]);
});

test("whoever calls while it starts is told to try again, and nothing else", async () => {
  await using database = await testDatabase();
  const port = await freePort();
  const sessions = connectSessions(`127.0.0.1:${port}`);
  const codes = new Set<number>();
  let running = true;
  const calling = (async () => {
    for (; running; await setImmediate()) {
      await sessions.list({}).catch((error: ServiceError) => codes.add(error.code));
    }
  })();
  for (let n = 0; n < 3; n++) {
    await using backend = await backendOn(database, { BACKEND_LISTEN: `127.0.0.1:${port}` });
    await backend.sessions.list({}, { waitForReady: true });
  }
  running = false;
  await calling;
  sessions.close();
  expect(codes).toEqual(new Set([status.UNAVAILABLE]));
});

test("a backend killed in mid-answer answers after its restart, without being asked", async () => {
  await using database = await testDatabase();
  const port = await freePort();
  const sessions = connectSessions(`127.0.0.1:${port}`);
  let child = await bootProcess(database.url, port);
  try {
    const { session } = await sessions.create({}, { waitForReady: true, timeout: 60_000 });
    const sessionId = session?.sessionId ?? "";
    const request = { sessionId, message: "slow 0.8", requestId: "a" };
    const stream = sessions.sendStream(request);
    for await (const { event } of stream) if (event?.event?.$case === "textDelta") break;
    await kill(child);
    expect(await failure(sessions.send(request))).toMatchObject({ code: status.UNAVAILABLE });
    child = await bootProcess(database.url, port);
    await eventually(async () => {
      const { turns } = await sessions.listTurns({ sessionId }, { waitForReady: true });
      expect(turns).toMatchObject([{ seq: 1, state: 3 }]);
      expect(turns[0]?.reply).toContain("slow 0.8");
    });
    expect((await sessions.send(request)).turn?.seq).toBe(1);
    const stopped = once(child, "exit");
    child.kill("SIGTERM");
    expect(await stopped).toEqual([0, null]);
  } finally {
    sessions.close();
    child.kill("SIGKILL");
  }
});
