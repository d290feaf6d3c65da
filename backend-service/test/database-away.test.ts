import { tcpProxy, testDatabase } from "@amp/stack/testing";
import { status } from "@grpc/grpc-js";
import { expect, test } from "vitest";
import { backendOn, eventually, failure, inDatabase, newSession } from "./backend.js";
import { steeredAgent } from "./steered-agent.js";

const AWAY = { code: status.UNAVAILABLE, reason: "DATABASE_UNAVAILABLE" };

test.each(["cut", "mute"] as const)(
  "with the database %s, every call says so in time",
  async (how) => {
    await using database = await testDatabase();
    await using proxy = await tcpProxy(database.url);
    await using running = await backendOn(proxy);
    const { sessions } = running;
    const sessionId = await newSession(sessions);
    await sessions.send({ sessionId, message: "before" });
    proxy[how]();
    const calls = [
      sessions.create({}),
      sessions.send({ sessionId, message: "x" }),
      sessions.sendStream({ sessionId, message: "x" }).next(),
      sessions.end({ sessionId }),
      sessions.get({ sessionId }),
      sessions.list({}),
      sessions.listTurns({ sessionId }),
      sessions.watch({ sessionId }).next(),
      sessions.cancel({ sessionId }),
    ];
    for (const failed of await Promise.all(calls.map(failure))) expect(failed).toMatchObject(AWAY);
    proxy.restore();
    await eventually(async () => {
      const { reply } = await sessions.send({ sessionId, message: "after", requestId: "after" });
      expect(reply).toContain("after");
    });
  },
);

test("an answer that cannot be stored is kept, not computed again", async () => {
  const agent = steeredAgent();
  await using database = await testDatabase();
  await using proxy = await tcpProxy(database.url);
  await using running = await backendOn(proxy, {}, { agents: [agent] });
  const { sessions } = running;
  const sessionId = await newSession(sessions);
  const request = { sessionId, message: "hold on", requestId: "a" };
  const answer = sessions.send(request);
  await eventually(() => expect(agent.prompts).toHaveLength(1));
  proxy.cut();
  agent.release("hold on");
  expect(await failure(sessions.send(request))).toMatchObject(AWAY);
  proxy.restore();
  expect((await answer).reply).toBe("begun done");
  expect((await sessions.send(request)).reply).toBe("begun done");
  expect(agent.prompts).toEqual(["hold on"]);
});

test("an agent that asks for the past meanwhile waits, and does not fail", async () => {
  const agent = steeredAgent();
  await using database = await testDatabase();
  await using proxy = await tcpProxy(database.url);
  await using running = await backendOn(proxy, {}, { agents: [agent] });
  const { sessions } = running;
  const sessionId = await newSession(sessions);
  await sessions.send({ sessionId, message: "first" });
  const answer = sessions.send({ sessionId, message: "recall" });
  await eventually(() => expect(agent.prompts).toHaveLength(2));
  proxy.cut();
  agent.release("recall");
  expect(await failure(sessions.get({ sessionId }))).toMatchObject(AWAY);
  proxy.restore();
  expect((await answer).reply).toBe("remembers 1");
});

test("an agent that asks for the past meanwhile waits no longer than its turn", async () => {
  const agent = steeredAgent();
  await using database = await testDatabase();
  await using proxy = await tcpProxy(database.url);
  await using running = await backendOn(proxy, { TURN_TIMEOUT: "500ms" }, { agents: [agent] });
  const { sessions } = running;
  const sessionId = await newSession(sessions);
  const answer = failure(sessions.send({ sessionId, message: "recall" }));
  await eventually(() => expect(agent.prompts).toHaveLength(1));
  proxy.cut();
  agent.release("recall");
  await eventually(() => expect(agent.openSessions()).toBe(0));
  proxy.restore();
  expect(await answer).toMatchObject({ code: status.DEADLINE_EXCEEDED, reason: "TURN_FAILED" });
});

test("away for longer than the lease: callers are sent away, and the turn runs when it is back", async () => {
  const agent = steeredAgent();
  const leaseTimes = { heartbeatMs: 50, leaseMs: 400, trustMs: 300 };
  await using database = await testDatabase();
  await using proxy = await tcpProxy(database.url);
  await using running = await backendOn(proxy, {}, { agents: [agent], leaseTimes });
  const { sessions } = running;
  const sessionId = await newSession(sessions);
  const request = { sessionId, message: "hold on", requestId: "a" };
  const cut = failure(sessions.send(request));
  await eventually(() => expect(agent.prompts).toHaveLength(1));
  proxy.cut();
  expect(await cut).toMatchObject({ code: status.UNAVAILABLE, reason: "LEASE_LOST" });
  await eventually(() => expect(agent.openSessions()).toBe(0));
  proxy.restore();
  await eventually(() => expect(agent.prompts).toEqual(["hold on", "hold on"]));
  agent.release("hold on");
  expect((await sessions.send(request)).reply).toBe("begun done");
});

test("away just as it begins to listen: it serves, and its peers hear of it when it is back", async () => {
  await using database = await testDatabase();
  await (await backendOn(database))[Symbol.asyncDispose]();
  // The heartbeat that tells the address fails, as if the database had gone just then.
  await inDatabase(
    database,
    `create function refuse() returns trigger as $$ begin raise 'away'; end $$ language plpgsql;
    create trigger refuse before update on replicas for each row execute function refuse();`,
  );
  await using running = await backendOn(database);
  await inDatabase(database, "drop trigger refuse on replicas");
  await eventually(async () => {
    const rows = await inDatabase(database, "select address from replicas");
    expect(rows).toEqual([{ address: running.backend.address }]);
  });
  const sessionId = await newSession(running.sessions);
  expect((await running.sessions.send({ sessionId, message: "x" })).reply).toContain("x");
});
