import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { connectSessions, errorDetails, LONGEST_RESPONSE, Reason } from "@amp/proto";
import { freePort, testDatabase } from "@amp/stack/testing";
import { credentials, Metadata, type ServiceError, status } from "@grpc/grpc-js";
import { expect, test } from "vitest";
import { backendOn, drain, eventually, failure, newSession } from "./backend.js";
import { replicas, sessionOf } from "./replicas.js";
import { steeredAgent } from "./steered-agent.js";

test("every replica serves a session that one of them runs, as if it were its own", async () => {
  const agent = steeredAgent();
  await using database = await testDatabase();
  await using all = await replicas(3, database, { agents: [agent] });
  const [owner, second, third] = [all[0], all[1], all[2]];
  if (!owner || !second || !third) throw new Error("too few replicas");
  const sessionId = await sessionOf(owner);
  const watched = drain(second.sessions.watch({ sessionId }));
  const request = { sessionId, message: "hold on", requestId: "a" };
  const streamed = drain(third.sessions.sendStream(request));
  await eventually(() => expect(agent.prompts).toEqual(["mine", "hold on"]));
  const waiting = second.sessions.send({ sessionId, message: "two" });
  await eventually(async () =>
    expect((await third.sessions.listTurns({ sessionId })).turns).toMatchObject([
      { reply: "echo: mine" },
      { state: 2, reply: "begun " },
      { state: 1, reply: "" },
    ]),
  );
  const joined = second.sessions.send(request);
  const cancelled = failure(third.sessions.send({ sessionId, message: "three", requestId: "c" }));
  await eventually(async () =>
    expect((await owner.sessions.get({ sessionId })).session?.openTurns).toBe(3),
  );
  expect(await second.sessions.cancel({ sessionId, seq: 4 })).toEqual({ cancelled: true });
  expect(await cancelled).toMatchObject({ code: status.CANCELLED, reason: "TURN_CANCELLED" });
  agent.release("hold on");
  expect((await joined).reply).toBe("begun done");
  expect((await waiting).reply).toBe("echo: two");
  const { items, error } = await streamed;
  expect(error).toBeUndefined();
  expect(items.map(({ event }) => event?.event?.$case).filter((kind) => kind !== "queued")).toEqual(
    ["started", "textDelta", "textDelta", "completed"],
  );
  expect(await third.sessions.end({ sessionId, reason: "over" })).toEqual({ ended: true });
  const seen = await watched;
  expect(seen.error).toBeUndefined();
  expect(seen.items.at(-1)?.event).toMatchObject({ $case: "ended", value: { endReason: "over" } });
  expect(agent.prompts).toEqual(["mine", "hold on", "two"]);
});

test("an end at any replica stops the turn at its owner at once", async () => {
  const agent = steeredAgent();
  await using database = await testDatabase();
  await using owner = await backendOn(database, {}, { agents: [agent] });
  await using other = await backendOn(database, {}, { agents: [agent] });
  const sessionId = await sessionOf(owner);
  const here = failure(owner.sessions.send({ sessionId, message: "hold on" }));
  const there = failure(other.sessions.send({ sessionId, message: "waits" }));
  const watched = drain(other.sessions.watch({ sessionId }));
  await eventually(async () =>
    expect((await other.sessions.get({ sessionId })).session?.openTurns).toBe(2),
  );
  await other.sessions.end({ sessionId });
  const ended = { code: status.NOT_FOUND, reason: "SESSION_ENDED" };
  expect(await Promise.all([here, there])).toMatchObject([ended, ended]);
  expect((await watched).items.at(-1)?.event?.$case).toBe("ended");
  await eventually(() => expect(agent.openSessions()).toBe(0));
});

test("a session that is only watched belongs to where it is watched", async () => {
  await using database = await testDatabase();
  await using watching = await backendOn(database);
  await using sending = await backendOn(database);
  const sessionId = await newSession(sending.sessions);
  const stream = watching.sessions.watch({ sessionId });
  await stream.next();
  const told = drain(stream);
  await sending.sessions.send({ sessionId, message: "heard?" });
  await sending.sessions.end({ sessionId });
  const kinds = (await told).items.map(({ event }) =>
    event?.$case === "turn" ? event.value.event?.$case : event?.$case,
  );
  expect(kinds).toEqual(expect.arrayContaining(["queued", "started", "completed", "ended"]));
});

test("a snapshot of long messages that wait is passed on whole", async () => {
  const agent = steeredAgent();
  await using database = await testDatabase();
  await using owner = await backendOn(database, {}, { agents: [agent] });
  await using other = await backendOn(database, {}, { agents: [agent] });
  const sessionId = await sessionOf(owner);
  const long = "x".repeat(190_000);
  const messages = ["hold on", ...Array.from({ length: 25 }, (_, n) => `${n} ${long}`)];
  const cut = messages.map((message) => failure(owner.sessions.send({ sessionId, message })));
  await eventually(async () =>
    expect((await owner.sessions.get({ sessionId })).session?.openTurns).toBe(messages.length),
  );
  const channel = { "grpc.max_receive_message_length": LONGEST_RESPONSE };
  const patient = connectSessions(other.backend.address, { channel });
  const watched = patient.watch({ sessionId });
  const { value: first } = await watched.next();
  expect(first?.event?.$case === "snapshot" && first.event.value.openTurns).toHaveLength(
    messages.length,
  );
  await watched.return();
  patient.close();
  await owner.sessions.end({ sessionId });
  await Promise.all(cut);
});

test("what the caller gave is passed on, and what the owner answered is passed back", async () => {
  const agent = steeredAgent();
  await using database = await testDatabase();
  const env = { BACKEND_TOKENS: "secret", TURN_QUEUE_LIMIT: "2" };
  await using owner = await backendOn(database, env, { agents: [agent] });
  await using other = await backendOn(database, env, { agents: [agent] });
  const connect = (address: string) => connectSessions(address, { token: "secret" });
  const [toOwner, toOther] = [connect(owner.backend.address), connect(other.backend.address)];
  const sessionId = await newSession(toOwner);
  const held = toOwner.send({ sessionId, message: "hold on", requestId: "a" });
  await eventually(() => expect(agent.prompts).toHaveLength(1));
  const gone = new AbortController();
  const leaving = failure(
    toOther.send({ sessionId, message: "two", requestId: "b" }, { signal: gone.signal }),
  );
  await eventually(async () =>
    expect((await toOther.get({ sessionId })).session?.openTurns).toBe(2),
  );
  const refused = await toOther
    .send({ sessionId, message: "three" })
    .catch((error: ServiceError) => error);
  expect(refused).toMatchObject({ code: status.RESOURCE_EXHAUSTED });
  expect(errorDetails(refused as ServiceError)).toEqual({
    reason: Reason.QUEUE_FULL,
    metadata: { session_id: sessionId },
  });
  expect(
    await failure(
      toOther.send({ sessionId, message: "hold on", requestId: "a" }, { timeout: 200 }),
    ),
  ).toMatchObject({ code: status.DEADLINE_EXCEEDED });
  gone.abort();
  expect(await leaving).toMatchObject({ code: status.CANCELLED });
  agent.release("hold on");
  expect((await held).reply).toBe("begun done");
  // Whoever leaves does not take the turn along.
  expect((await toOther.send({ sessionId, message: "two", requestId: "b" })).reply).toBe(
    "echo: two",
  );
  expect(
    await failure(toOther.send({ sessionId, message: "throw", requestId: "c" })),
  ).toMatchObject({ code: status.INTERNAL, reason: "TURN_FAILED" });
  toOwner.close();
  toOther.close();
});

test("a call is passed on once: a replica that it is passed to by mistake refuses it", async () => {
  const agent = steeredAgent();
  await using database = await testDatabase();
  await using owner = await backendOn(database, {}, { agents: [agent] });
  await using other = await backendOn(database, {}, { agents: [agent] });
  const sessionId = await sessionOf(owner);
  const metadata = new Metadata();
  metadata.set("amp-forwarded", "1");
  const elsewhere = { code: status.UNAVAILABLE, reason: "OWNED_ELSEWHERE" };
  const { sessions } = other;
  const request = { sessionId, message: "hi" };
  expect(await failure(sessions.send(request, { metadata }))).toMatchObject(elsewhere);
  expect(await failure(sessions.watch(request, { metadata }).next())).toMatchObject(elsewhere);
  expect(agent.prompts).toEqual(["mine"]);
});

test("replicas call each other by TLS, with their own certificates", async () => {
  const file = (name: string) => fileURLToPath(new URL(`tls/${name}`, import.meta.url));
  await using database = await testDatabase();
  const [port, otherPort] = [await freePort(), await freePort()];
  const env = (own: number) => ({
    BACKEND_LISTEN: `127.0.0.1:${own}`,
    BACKEND_ADVERTISE: `localhost:${own}`,
    BACKEND_TLS_CERT: file("server.crt"),
    BACKEND_TLS_KEY: file("server.key"),
    BACKEND_TLS_CLIENT_CA: file("ca.crt"),
  });
  await using _owner = await backendOn(database, env(port));
  await using _other = await backendOn(database, env(otherPort));
  const [ca, key, cert] = await Promise.all(
    ["ca.crt", "client.key", "client.crt"].map((name) => readFile(file(name))),
  );
  const tls = { credentials: credentials.createSsl(ca, key, cert) };
  const toOwner = connectSessions(`localhost:${port}`, tls);
  const toOther = connectSessions(`localhost:${otherPort}`, tls);
  const sessionId = await newSession(toOwner);
  await toOwner.send({ sessionId, message: "mine" });
  expect((await toOther.send({ sessionId, message: "over there" })).reply).toContain("over there");
  toOwner.close();
  toOther.close();
});
