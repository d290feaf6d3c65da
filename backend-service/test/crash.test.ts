import { connectSessions } from "@amp/proto";
import { freePort, testDatabase } from "@amp/stack/testing";
import { status } from "@grpc/grpc-js";
import { expect, test } from "vitest";
import { backendOn, drain, eventually, inDatabase, newSession } from "./backend.js";
import { bootProcess, kill } from "./process.js";
import { balanced, persistently, sessionOf } from "./replicas.js";

test("a killed replica delays its sessions by seconds, and every message is answered once", async () => {
  await using database = await testDatabase();
  const port = await freePort();
  const victim = await bootProcess(database.url, port);
  const toVictim = connectSessions(`127.0.0.1:${port}`);
  await using a = await backendOn(database);
  await using b = await backendOn(database);
  using sessions = balanced([a, b]);
  try {
    const ids = [await newSession(toVictim), await newSession(toVictim), await sessionOf(a)];
    for (const sessionId of ids) await toVictim.send({ sessionId, message: "first" });
    const answers = ids.flatMap((sessionId) =>
      ["slow 0.5 x", "slow 0.1 y"].map((message) =>
        persistently(() => sessions.send({ sessionId, message, requestId: message })),
      ),
    );
    await eventually(async () =>
      expect(await inDatabase(database, "select 1 from turns where state = 'open'")).not.toEqual(
        [],
      ),
    );
    const killedAt = performance.now();
    await kill(victim);
    for (const { reply } of await Promise.all(answers)) expect(reply).toMatch(/slow 0\.\d [xy]/);
    // The rest of a lease, one look, and the turns.
    expect(performance.now() - killedAt).toBeLessThan(60_000);
    const states = await inDatabase(database, "select state, count(*) from turns group by state");
    expect(states).toEqual([{ state: "completed", count: 10 }]);
  } finally {
    await kill(victim);
    toVictim.close();
  }
}, 180_000);

test("a stopped replica that wakes up neither writes nor tells what another one took over", async () => {
  await using database = await testDatabase();
  const port = await freePort();
  const sleeper = await bootProcess(database.url, port);
  const toSleeper = connectSessions(`127.0.0.1:${port}`);
  await using heir = await backendOn(database);
  try {
    const sessionId = await newSession(toSleeper);
    const request = { sessionId, message: "slow 3", requestId: "a" };
    const stream = toSleeper.sendStream(request);
    let next = await stream.next();
    while (next.value?.event?.event?.$case !== "textDelta") next = await stream.next();
    const told = drain(stream);
    sleeper.kill("SIGSTOP");
    const taken = heir.sessions.sendStream(request);
    const events: (string | undefined)[] = [];
    for await (const { event } of taken) {
      events.push(event?.event?.$case);
      // It wakes up while its heir is at work.
      if (event?.event?.$case === "textDelta") sleeper.kill("SIGCONT");
    }
    expect(events.at(-1)).toBe("completed");
    const { turns } = await heir.sessions.listTurns({ sessionId });
    expect(turns).toMatchObject([{ state: 3 }]);
    const { items, error } = await told;
    expect(error).toMatchObject({ code: status.UNAVAILABLE });
    expect(items.map((item) => item.event?.event?.$case)).not.toContain("completed");
    // It lives on, passes calls on to the heir, and changed nothing.
    const { reply } = await toSleeper.send(
      { sessionId, message: "awake?" },
      { waitForReady: true },
    );
    expect(reply).toContain("awake?");
    expect((await toSleeper.listTurns({ sessionId })).turns[0]).toEqual(turns[0]);
  } finally {
    await kill(sleeper);
    toSleeper.close();
  }
}, 180_000);
