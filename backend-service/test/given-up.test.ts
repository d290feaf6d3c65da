import { connectSessions, TurnState } from "@amp/proto";
import { freePort, tcpProxy, testDatabase } from "@amp/stack/testing";
import { status } from "@grpc/grpc-js";
import { expect, test } from "vitest";
import { answerBy, approvalsOf, turnsOf } from "./approvals.js";
import { backendOn, drain, eventually, failure, inDatabase, newSession } from "./backend.js";
import { bootProcess, kill } from "./process.js";
import { LEASE } from "./replicas.js";
import { steeredAgent } from "./steered-agent.js";

test("a turn that ends its process three times is given up; one that waits for people is not, and those behind go on", async () => {
  await using database = await testDatabase();
  const port = await freePort();
  const sessions = connectSessions(`127.0.0.1:${port}`);
  let victim = await bootProcess(database.url, port);
  try {
    const killer = await newSession(sessions);
    const asker = await newSession(sessions);
    const send = { sessionId: killer, message: "slow 100", requestId: "killer" };
    void drain(sessions.sendStream(send));
    await eventually(async () => expect(await turnsOf(sessions, killer)).toHaveLength(1));
    void drain(sessions.sendStream({ sessionId: killer, message: "behind", requestId: "behind" }));
    void drain(sessions.sendStream({ sessionId: asker, message: "approve", requestId: "asker" }));
    for (let run = 1; run <= 3; run++) {
      await eventually(async () => {
        const turn = { session_id: killer, runs: run };
        expect(
          await inDatabase(
            database,
            "select session_id, runs from turns where message = 'slow 100'",
          ),
        ).toEqual([turn]);
      });
      await approvalsOf(sessions, asker);
      // Its question is stored; the process that runs the turn now is the one that waits.
      await eventually(async () =>
        expect(
          await inDatabase(database, "select runs from turns where message = 'approve'"),
        ).toEqual([{ runs: 1 }]),
      );
      await kill(victim);
      victim = await bootProcess(database.url, port);
    }
    await sessions.get({ sessionId: killer }, { waitForReady: true });
    expect(await failure(sessions.send(send))).toMatchObject({
      code: status.ABORTED,
      reason: "TURN_INTERRUPTED",
    });
    const behind = { sessionId: killer, message: "behind", requestId: "behind" };
    expect((await sessions.send(behind)).reply).toContain("behind");
    const [given] = await turnsOf(sessions, killer);
    expect(given).toMatchObject({ state: TurnState.INTERRUPTED });
    expect(given?.failure?.message).toMatch(/stopped 3 times .* given up/);
    const [approval] = await approvalsOf(sessions, asker);
    if (!approval) throw new Error("no approval");
    await sessions.resolveApproval(answerBy("ada", asker, approval, "allow"));
    const asked = await sessions.send({ sessionId: asker, message: "approve", requestId: "asker" });
    expect(asked.reply).toContain("Your answer was: Allow.");
  } finally {
    await kill(victim);
    sessions.close();
  }
}, 180_000);

test("stops, however many, do not count against a turn", async () => {
  const agent = steeredAgent();
  await using database = await testDatabase();
  const request = { message: "hold on", requestId: "a" };
  let sessionId = "";
  for (let stop = 1; stop <= 5; stop++) {
    const running = await backendOn(database, {}, { agents: [agent] });
    if (!sessionId) {
      sessionId = await newSession(running.sessions);
      void drain(running.sessions.sendStream({ sessionId, ...request }));
    }
    await eventually(() => expect(agent.prompts).toHaveLength(stop));
    await running[Symbol.asyncDispose]();
  }
  await using last = await backendOn(database, {}, { agents: [agent] });
  await eventually(() => expect(agent.prompts).toHaveLength(6));
  agent.release("hold on");
  expect((await last.sessions.send({ sessionId, ...request })).reply).toBe("begun done");
}, 180_000);

test("leases lost to an absent database, however many, do not count against a turn", async () => {
  const agent = steeredAgent();
  await using database = await testDatabase();
  await using proxy = await tcpProxy(database.url);
  await using running = await backendOn(proxy, {}, { agents: [agent], leaseTimes: LEASE });
  const { sessions } = running;
  const sessionId = await newSession(sessions);
  const request = { sessionId, message: "hold on", requestId: "a" };
  const first = drain(sessions.sendStream(request));
  await eventually(() => expect(agent.prompts).toHaveLength(1));
  for (let loss = 1; loss <= 5; loss++) {
    proxy.cut();
    await eventually(() => expect(agent.openSessions()).toBe(0));
    proxy.restore();
    await eventually(() => expect(agent.prompts).toHaveLength(loss + 1));
    await eventually(async () =>
      expect(await inDatabase(database, "select runs from turns")).toEqual([{ runs: 1 }]),
    );
  }
  expect((await first).error).toMatchObject({ code: status.UNAVAILABLE });
  agent.release("hold on");
  expect((await sessions.send(request)).reply).toBe("begun done");
}, 180_000);

test("the time of a turn counts from its first begin, but a late run has some of it", async () => {
  const agent = steeredAgent();
  await using database = await testDatabase();
  const env = { TURN_TIMEOUT: "10m" };
  const first = await backendOn(database, env, { agents: [agent] });
  const sessionId = await newSession(first.sessions);
  void drain(first.sessions.sendStream({ sessionId, message: "hold on", requestId: "a" }));
  await eventually(() => expect(agent.prompts).toHaveLength(1));
  await first[Symbol.asyncDispose]();
  await inDatabase(database, "update turns set begun_at = now() - interval '1 hour'");
  {
    // The run that is late has a tenth of the time: a minute, in which it may well be answered.
    await using second = await backendOn(database, env, { agents: [agent] });
    await eventually(() => expect(agent.prompts).toHaveLength(2));
    expect((await second.sessions.get({ sessionId })).session?.openTurns).toBe(1);
  }
  await using third = await backendOn(database, { TURN_TIMEOUT: "5s" }, { agents: [agent] });
  const late = await failure(
    third.sessions.send({ sessionId, message: "hold on", requestId: "a" }),
  );
  expect(late).toMatchObject({ code: status.DEADLINE_EXCEEDED, reason: "TURN_FAILED" });
}, 180_000);
