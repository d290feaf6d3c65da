import { freePort, tcpProxy, testDatabase } from "@amp/stack/testing";
import { status } from "@grpc/grpc-js";
import { expect, test } from "vitest";
import type { Agent } from "../src/index.js";
import { backendOn, drain, eventually, failure, inDatabase } from "./backend.js";
import { balanced, LEASE, persistently, sessionOf } from "./replicas.js";
import { steeredAgent } from "./steered-agent.js";

test("when the owner is gone, a call waits for its lease to end, takes over and goes on", async () => {
  const [lost, heir] = [steeredAgent(), steeredAgent()];
  await using database = await testDatabase();
  await using way = await tcpProxy(database.url);
  const owner = await backendOn(way, {}, { agents: [lost], leaseTimes: LEASE });
  await using other = await backendOn(database, {}, { agents: [heir], leaseTimes: LEASE });
  const sessionId = await sessionOf(owner);
  const request = { sessionId, message: "hold on", requestId: "a" };
  const answer = other.sessions.send(request);
  const stream = other.sessions.sendStream(request);
  const first = await stream.next();
  const streamed = drain(stream);
  const watched = other.sessions.watch({ sessionId });
  await watched.next();
  const seen = drain(watched);
  await eventually(() => expect(lost.prompts).toEqual(["mine", "hold on"]));
  way.cut();
  await owner[Symbol.asyncDispose]();
  await eventually(() => expect(heir.prompts).toEqual(["hold on"]));
  heir.release("hold on");
  expect((await answer).reply).toBe("begun done");
  const { items, error } = await streamed;
  expect(error).toBeUndefined();
  const kinds = [first.value, ...items].map((item) => item?.event?.event?.$case);
  expect(kinds.filter((kind) => kind === "started")).toHaveLength(2);
  expect(kinds.filter((kind) => kind === "completed")).toHaveLength(1);
  expect(items.at(-1)?.event?.event).toMatchObject({ value: { reply: "begun done" } });
  // A watcher is told to watch again.
  expect((await seen).error).toMatchObject({ code: status.UNAVAILABLE });
});

test("a new message for a session whose owner is gone is only late", async () => {
  const agents = [steeredAgent()];
  await using database = await testDatabase();
  await using way = await tcpProxy(database.url);
  const owner = await backendOn(way, {}, { agents, leaseTimes: LEASE });
  await using other = await backendOn(database, {}, { agents, leaseTimes: LEASE });
  const sessionId = await sessionOf(owner);
  way.cut();
  await owner[Symbol.asyncDispose]();
  const calls = await Promise.all([
    other.sessions.send({ sessionId, message: "still there?" }),
    other.sessions.cancel({ sessionId }),
    other.sessions.watch({ sessionId }).next(),
  ]);
  expect(calls[0].reply).toBe("echo: still there?");
});

test("a cancel of what runs, whose answer is lost, does not cancel what runs next", async () => {
  const agent = steeredAgent();
  const stopping: string[] = [];
  const noting: Agent = {
    ...agent,
    async open(context, signal) {
      const session = await agent.open(context, signal);
      return {
        ...session,
        prompt(message, stop, ask) {
          stop.addEventListener("abort", () => stopping.push(message));
          return session.prompt(message, stop, ask);
        },
      };
    },
  };
  await using database = await testDatabase();
  const port = await freePort();
  await using way = await tcpProxy(`http://127.0.0.1:${port}`);
  const env = { BACKEND_LISTEN: `127.0.0.1:${port}`, BACKEND_ADVERTISE: new URL(way.url).host };
  const overrides = { agents: [noting], stopGrace: 20_000 };
  await using owner = await backendOn(database, env, overrides);
  await using other = await backendOn(database, {}, { agents: [agent] });
  const sessionId = await sessionOf(owner);
  const first = failure(owner.sessions.send({ sessionId, message: "deaf one" }));
  const second = owner.sessions.send({ sessionId, message: "hold two", requestId: "two" });
  await eventually(async () => {
    expect(agent.prompts).toContain("deaf one");
    expect((await owner.sessions.get({ sessionId })).session?.openTurns).toBe(2);
  });
  const cancelled = other.sessions.cancel({ sessionId });
  await eventually(() => expect(stopping).toEqual(["deaf one"]));
  way.cut();
  agent.release("deaf one");
  expect(await first).toMatchObject({ code: status.CANCELLED, reason: "TURN_CANCELLED" });
  await eventually(() => expect(agent.prompts).toContain("hold two"));
  way.restore();
  await cancelled;
  expect(stopping).toEqual(["deaf one"]);
  agent.release("hold two");
  expect((await second).reply).toBe("begun done");
});

test("an owner that stays out of reach, but alive, makes the call fail in bounded time", async () => {
  await using database = await testDatabase();
  await using owner = await backendOn(database, { BACKEND_ADVERTISE: "127.0.0.1:1" });
  await using other = await backendOn(database, {}, { leaseTimes: { ...LEASE, leaseMs: 500 } });
  const sessionId = await sessionOf(owner);
  expect(await failure(other.sessions.send({ sessionId, message: "hi" }))).toMatchObject({
    code: status.UNAVAILABLE,
    reason: "OWNED_ELSEWHERE",
  });
  // What can be answered without the owner is.
  const held = owner.sessions.send({ sessionId, message: "slow 1" });
  await eventually(async () =>
    expect((await other.sessions.listTurns({ sessionId })).turns).toHaveLength(2),
  );
  await held;
});

test.each(["cut", "mute"] as const)(
  "with its database %s, a replica stops before another one begins",
  async (how) => {
    const lost = steeredAgent();
    const heir = steeredAgent();
    const openAtTakeover: number[] = [];
    const watching: Agent = {
      ...heir,
      open(context, signal) {
        openAtTakeover.push(lost.openSessions());
        return heir.open(context, signal);
      },
    };
    await using database = await testDatabase();
    await using way = await tcpProxy(database.url);
    await using cutOff = await backendOn(way, {}, { agents: [lost], leaseTimes: LEASE });
    await using other = await backendOn(database, {}, { agents: [watching], leaseTimes: LEASE });
    const sessionId = await sessionOf(cutOff);
    const request = { sessionId, message: "hold on", requestId: "a" };
    const told = failure(cutOff.sessions.send(request));
    await eventually(() => expect(lost.prompts).toHaveLength(2));
    way[how]();
    await eventually(() => expect(heir.prompts).toEqual(["hold on"]));
    expect(openAtTakeover).toEqual([0]);
    expect(await told).toMatchObject({ code: status.UNAVAILABLE, reason: "LEASE_LOST" });
    heir.release("hold on");
    expect((await other.sessions.send(request)).reply).toBe("begun done");
    way.restore();
    // Back again, it passes calls on to the new owner.
    await eventually(async () =>
      expect((await cutOff.sessions.send({ sessionId, message: "and now?" })).reply).toBe(
        "echo: and now?",
      ),
    );
    expect(lost.prompts).toHaveLength(2);
  },
);

test("a draining replica hands over at once what it does not work on", async () => {
  const agent = steeredAgent();
  await using database = await testDatabase();
  const env = { SHUTDOWN_GRACE: "20s" };
  const leaving = await backendOn(database, env, { agents: [agent] });
  await using staying = await backendOn(database, env, { agents: [agent] });
  const [idle, busy] = [await sessionOf(leaving), await sessionOf(leaving)];
  const running = leaving.sessions.send({ sessionId: busy, message: "hold 1" });
  await eventually(() => expect(agent.prompts).toContain("hold 1"));
  const waits = { sessionId: busy, message: "waits", requestId: "w" };
  const sentAway = failure(leaving.sessions.send(waits));
  await eventually(async () =>
    expect((await staying.sessions.get({ sessionId: busy })).session?.openTurns).toBe(2),
  );
  const stopped = leaving[Symbol.asyncDispose]();
  expect(await sentAway).toMatchObject({ code: status.UNAVAILABLE, reason: "DRAINING" });
  // Long before the grace time is over.
  expect((await staying.sessions.send({ sessionId: idle, message: "hi" })).reply).toBe("echo: hi");
  agent.release("hold 1");
  expect((await running).reply).toBe("begun done");
  await stopped;
  expect((await staying.sessions.send(waits)).reply).toBe("echo: waits");
});

test("a rolling restart under load fails no call that is tried again with its request id", async () => {
  await using database = await testDatabase();
  const ports = await Promise.all([freePort(), freePort(), freePort()]);
  const boot = (port: number) =>
    backendOn(database, { BACKEND_LISTEN: `127.0.0.1:${port}`, SHUTDOWN_GRACE: "5s" });
  const running = await Promise.all(ports.map(boot));
  using sessions = balanced(running);
  const ids = await Promise.all(running.map((each) => sessionOf(each)));
  let restarting = true;
  const talk = async (sessionId: string, who: number): Promise<number> => {
    let sent = 0;
    for (; restarting; sent++) {
      const message = `slow 0.05 ${who}/${sent}`;
      const { reply } = await persistently(() =>
        sessions.send({ sessionId, message, requestId: message }, { waitForReady: true }),
      );
      expect(reply).toContain(message);
    }
    return sent;
  };
  const talks = Promise.all([...ids, ...ids].map(talk));
  for (const [index, port] of ports.entries()) {
    await running[index]?.[Symbol.asyncDispose]();
    running[index] = await boot(port);
  }
  restarting = false;
  const sent = (await talks).reduce((sum, count) => sum + count, ids.length);
  const states = await inDatabase(
    database,
    "select state, count(*) from turns group by state order by state",
  );
  expect(states).toEqual([{ state: "completed", count: sent }]);
  await Promise.all(running.map((each) => each[Symbol.asyncDispose]()));
}, 180_000);
