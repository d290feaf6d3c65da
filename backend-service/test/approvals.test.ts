import { ApprovalState, connectSessions, TurnState } from "@amp/proto";
import { freePort, testDatabase } from "@amp/stack/testing";
import { status } from "@grpc/grpc-js";
import { expect, test } from "vitest";
import { answerBy, approvalsOf, turnsOf } from "./approvals.js";
import { backendOn, drain, eventually, failure, inDatabase, newSession } from "./backend.js";
import { bootProcess, kill } from "./process.js";
import { LEASE, persistently, replicas, sessionOf } from "./replicas.js";
import { steeredAgent } from "./steered-agent.js";

test("a question of one replica's agent is answered through another one, and told on both", async () => {
  await using database = await testDatabase();
  await using all = await replicas(2, database);
  const [a, b] = all;
  if (!a || !b) throw new Error("no replicas");
  const sessionId = await sessionOf(a);
  const watch = b.sessions.watch({ sessionId });
  // The snapshot.
  await watch.next();
  const told = drain(watch);
  const reply = a.sessions.send({ sessionId, message: "approve it" });
  const [asked] = await approvalsOf(b.sessions, sessionId);
  if (!asked) throw new Error("nothing asked");
  expect(asked).toMatchObject({ state: ApprovalState.PENDING, seq: 2, toolCallId: "write-1" });
  const { approval } = await b.sessions.resolveApproval(answerBy("ada", sessionId, asked, "allow"));
  expect((await reply).reply).toContain("Your answer was: Allow.");
  expect((await reply).turn?.approvals).toEqual([approval]);
  await b.sessions.end({ sessionId });
  const events = (await told).items.flatMap(({ event }) =>
    event?.$case === "turn" ? [event.value.event] : [],
  );
  expect(events).toContainEqual({ $case: "approvalRequested", value: asked });
  expect(events).toContainEqual({ $case: "approvalResolved", value: approval });
});

test("a question outlives the replica that asked it, under the same id, and nobody is asked twice", async () => {
  await using database = await testDatabase();
  const port = await freePort();
  const victim = await bootProcess(database.url, port);
  const toVictim = connectSessions(`127.0.0.1:${port}`);
  await using heir = await backendOn(database);
  try {
    const sessionId = await newSession(toVictim);
    const request = { sessionId, message: "approve 2", requestId: "a" };
    toVictim.send(request).catch(() => {});
    const [first] = await approvalsOf(toVictim, sessionId);
    if (!first) throw new Error("nothing asked");
    await toVictim.resolveApproval(answerBy("ada", sessionId, first, "reject"));
    const [, second] = await approvalsOf(toVictim, sessionId, 2);
    if (!second) throw new Error("asked only once");
    await kill(victim);
    const { approval } = await persistently(() =>
      heir.sessions.resolveApproval(answerBy("bob", sessionId, second, "allow")),
    );
    expect(approval?.requestedAt).toEqual(second.requestedAt);
    const { turn } = await heir.sessions.send(request);
    expect(turn?.reply).toContain("Your answers were: Reject, Allow.");
    expect(turn?.approvals).toMatchObject([
      { approvalId: first.approvalId, optionId: "reject", decidedBy: { user: "ada" } },
      { approvalId: second.approvalId, optionId: "allow", decidedBy: { user: "bob" } },
    ]);
  } finally {
    await kill(victim);
    toVictim.close();
  }
}, 180_000);

test("a replica that shuts down hands a question over with its turn", async () => {
  await using database = await testDatabase();
  const agents = [steeredAgent()];
  const first = await backendOn(database, {}, { agents });
  await using second = await backendOn(database, {}, { agents });
  const sessionId = await sessionOf(first);
  const request = { sessionId, message: "ask me", requestId: "a" };
  first.sessions.send(request).catch(() => {});
  const [asked] = await approvalsOf(first.sessions, sessionId);
  if (!asked) throw new Error("nothing asked");
  await first[Symbol.asyncDispose]();
  const answer = persistently(() => second.sessions.send(request));
  await persistently(() =>
    second.sessions.resolveApproval(answerBy("ada", sessionId, asked, "later")),
  );
  expect((await answer).reply).toBe("answer: later");
});

test("a replica that shuts down does not wait for people: its heir asks under the same id", async () => {
  await using database = await testDatabase();
  const agent = steeredAgent();
  const agents = [agent];
  const first = await backendOn(database, { SHUTDOWN_GRACE: "10m" }, { agents });
  await using second = await backendOn(database, {}, { agents });
  const [asking, working] = [await sessionOf(first), await sessionOf(first)];
  const request = { sessionId: asking, message: "ask me", requestId: "a" };
  const sentAway = failure(first.sessions.send(request));
  const [asked] = await approvalsOf(first.sessions, asking);
  if (!asked) throw new Error("nothing asked");
  const worked = first.sessions.send({ sessionId: working, message: "hold on" });
  await eventually(() => expect(agent.prompts).toContain("hold on"));
  const stopped = first[Symbol.asyncDispose]();
  expect(await sentAway).toMatchObject({ code: status.UNAVAILABLE, reason: "DRAINING" });
  await persistently(() =>
    second.sessions.resolveApproval(answerBy("ada", asking, asked, "later")),
  );
  const { turn } = await persistently(() => second.sessions.send(request));
  expect(turn?.reply).toBe("answer: later");
  expect(turn?.approvals).toMatchObject([{ approvalId: asked.approvalId, optionId: "later" }]);
  // Meanwhile it let the other agent finish its work.
  agent.release("hold on");
  expect((await worked).reply).toBe("begun done");
  await stopped;
});

test("a replica whose agents all wait for people stops at once", async () => {
  await using database = await testDatabase();
  const agents = [steeredAgent()];
  const running = await backendOn(database, { SHUTDOWN_GRACE: "10m" }, { agents });
  const sessionId = await newSession(running.sessions);
  const sentAway = failure(running.sessions.send({ sessionId, message: "ask me" }));
  await approvalsOf(running.sessions, sessionId);
  await running[Symbol.asyncDispose]();
  expect(await sentAway).toMatchObject({ code: status.UNAVAILABLE, reason: "DRAINING" });
});

test("a replica that shuts down waits for people when its agent may not be run again", async () => {
  await using database = await testDatabase();
  const agents = [steeredAgent({ repeatable: false })];
  const running = await backendOn(database, { SHUTDOWN_GRACE: "1s" }, { agents });
  const sessionId = await newSession(running.sessions);
  const sentAway = failure(running.sessions.send({ sessionId, message: "ask me" }));
  await approvalsOf(running.sessions, sessionId);
  const begunAt = performance.now();
  await running[Symbol.asyncDispose]();
  expect(performance.now() - begunAt).toBeGreaterThan(950);
  expect(await sentAway).toMatchObject({ code: status.UNAVAILABLE, reason: "DRAINING" });
});

test("an agent that may have acted is not asked again: its question has expired with the turn", async () => {
  await using database = await testDatabase();
  const overrides = { agents: [steeredAgent({ repeatable: false })] };
  const first = await backendOn(database, {}, overrides);
  const sessionId = await newSession(first.sessions);
  first.sessions.send({ sessionId, message: "ask me" }).catch(() => {});
  const [asked] = await approvalsOf(first.sessions, sessionId);
  if (!asked) throw new Error("nothing asked");
  await first[Symbol.asyncDispose]();
  await using second = await backendOn(database, {}, overrides);
  await eventually(async () =>
    expect(await turnsOf(second.sessions, sessionId)).toMatchObject([
      { state: TurnState.INTERRUPTED, approvals: [{ state: ApprovalState.EXPIRED }] },
    ]),
  );
  const late = second.sessions.resolveApproval(answerBy("ada", sessionId, asked, "yes"));
  expect(await failure(late)).toMatchObject({
    code: status.FAILED_PRECONDITION,
    reason: "APPROVAL_EXPIRED",
  });
});

test("a replica that lost its lease cannot answer for the one that took over", async () => {
  await using database = await testDatabase();
  const overrides = { agents: [steeredAgent()], leaseTimes: LEASE };
  await using all = await replicas(2, database, overrides);
  const [loser, heir] = all;
  if (!loser || !heir) throw new Error("no replicas");
  const sessionId = await sessionOf(loser);
  const request = { sessionId, message: "ask me", requestId: "a" };
  loser.sessions.send(request).catch(() => {});
  const [asked] = await approvalsOf(loser.sessions, sessionId);
  if (!asked) throw new Error("nothing asked");
  await inDatabase(database, "update sessions set owner = gen_random_uuid(), epoch = epoch + 1");
  // Whichever replica is asked, only the new owner's agent goes on.
  await persistently(() =>
    loser.sessions.resolveApproval(answerBy("ada", sessionId, asked, "yes")),
  );
  expect((await persistently(() => heir.sessions.send(request))).reply).toBe("answer: yes");
  expect(await turnsOf(heir.sessions, sessionId)).toMatchObject([
    {},
    { approvals: [{ optionId: "yes", decidedBy: { user: "ada", displayName: "ADA" } }] },
  ]);
}, 180_000);

test("a session that ends takes its questions along", async () => {
  await using database = await testDatabase();
  await using backend = await backendOn(database);
  const { sessions } = backend;
  const sessionId = await newSession(sessions);
  const stream = drain(sessions.sendStream({ sessionId, message: "approve" }));
  const [asked] = await approvalsOf(sessions, sessionId);
  if (!asked) throw new Error("nothing asked");
  await sessions.end({ sessionId });
  const late = sessions.resolveApproval(answerBy("ada", sessionId, asked, "allow"));
  expect(await failure(late)).toMatchObject({ code: status.NOT_FOUND, reason: "SESSION_ENDED" });
  expect((await stream).error).toMatchObject({ code: status.NOT_FOUND });
  expect(await turnsOf(sessions, sessionId)).toMatchObject([
    { state: TurnState.CANCELLED, approvals: [{ state: ApprovalState.EXPIRED, optionId: "" }] },
  ]);
});

test("an answer that nobody can give is refused, and decides nothing", async () => {
  await using database = await testDatabase();
  await using backend = await backendOn(database);
  const { sessions } = backend;
  const sessionId = await newSession(sessions);
  const reply = sessions.send({ sessionId, message: "approve" });
  const [asked] = await approvalsOf(sessions, sessionId);
  if (!asked) throw new Error("nothing asked");
  const answer = answerBy("ada", sessionId, asked, "allow");
  const wrong: [string, object][] = [
    ["approval_id", { approvalId: "1-none" }],
    ["approval_id", { approvalId: "" }],
    ["option_id", { optionId: "maybe" }],
    ["option_id", { optionId: "x".repeat(201) }],
    ["approval_id", { approvalId: `${asked.approvalId}\0` }],
    ["decided_by.user", { decidedBy: { user: "x".repeat(1_001) } }],
  ];
  for (const [field, change] of wrong) {
    expect(await failure(sessions.resolveApproval({ ...answer, ...change }))).toEqual({
      code: status.INVALID_ARGUMENT,
      reason: "INVALID_FIELD",
      field,
    });
  }
  expect(await approvalsOf(sessions, sessionId)).toEqual([asked]);
  await sessions.resolveApproval(answer);
  expect((await reply).reply).toContain("Allow");
});
