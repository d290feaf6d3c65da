import { once } from "node:events";
import { TurnState } from "@amp/proto";
import { status } from "@grpc/grpc-js";
import { expect, test } from "vitest";
import type { Agent } from "../src/index.js";
import { answerBy, approvalsOf, turnsOf } from "./approvals.js";
import { drain, eventually, failure, newSession, testBackend } from "./backend.js";
import { steeredAgent } from "./steered-agent.js";

test("more turns than a replica works on wait in order, and none is lost", async () => {
  const agent = steeredAgent();
  await using running = await testBackend({ MAX_RUNNING_TURNS: "2" }, { agents: [agent] });
  const { sessions } = running;
  const messages = Array.from({ length: 8 }, (_, n) => `hold ${n}`);
  const answers: Promise<{ reply: string }>[] = [];
  for (const message of messages) {
    const sessionId = await newSession(sessions);
    answers.push(sessions.send({ sessionId, message }));
    await eventually(async () => expect(await turnsOf(sessions, sessionId)).toHaveLength(1));
  }
  expect(agent.prompts).toEqual(messages.slice(0, 2));
  for (const [n, message] of messages.entries()) {
    agent.release(message);
    expect((await answers[n])?.reply).toBe("begun done");
    await eventually(() => expect(agent.prompts).toEqual(messages.slice(0, n + 3)));
  }
});

test("a turn that waits for a place is queued, and can be cancelled or ended at once", async () => {
  const agent = steeredAgent();
  await using running = await testBackend({ MAX_RUNNING_TURNS: "1" }, { agents: [agent] });
  const { sessions } = running;
  const busy = await newSession(sessions);
  const held = sessions.send({ sessionId: busy, message: "hold on" });
  await eventually(() => expect(agent.prompts).toHaveLength(1));
  const [cancelled, ended, last] = [
    await newSession(sessions),
    await newSession(sessions),
    await newSession(sessions),
  ];
  const first = failure(sessions.send({ sessionId: cancelled, message: "never" }));
  await eventually(async () => expect(await turnsOf(sessions, cancelled)).toHaveLength(1));
  const second = failure(sessions.send({ sessionId: ended, message: "nor this" }));
  await eventually(async () => expect(await turnsOf(sessions, ended)).toHaveLength(1));
  const third = sessions.send({ sessionId: last, message: "but this" });
  const { value } = await sessions.watch({ sessionId: cancelled }).next();
  expect(value?.event).toMatchObject({
    $case: "snapshot",
    value: { openTurns: [{ state: TurnState.QUEUED }] },
  });
  expect((await sessions.cancel({ sessionId: cancelled, seq: 1 })).cancelled).toBe(true);
  expect(await first).toMatchObject({ code: status.CANCELLED, reason: "TURN_CANCELLED" });
  expect((await sessions.end({ sessionId: ended })).ended).toBe(true);
  expect(await second).toMatchObject({ code: status.NOT_FOUND, reason: "SESSION_ENDED" });
  agent.release("hold on");
  await held;
  expect((await third).reply).toBe("echo: but this");
  expect(agent.prompts).toEqual(["hold on", "but this"]);
});

test("turns that wait for people hold no place, and go on when there is one", async () => {
  const agent = steeredAgent();
  await using running = await testBackend({ MAX_RUNNING_TURNS: "1" }, { agents: [agent] });
  const { sessions } = running;
  const ids: string[] = [];
  const answers: Promise<{ reply: string }>[] = [];
  for (let n = 0; n < 10; n++) {
    const sessionId = await newSession(sessions);
    ids.push(sessionId);
    answers.push(sessions.send({ sessionId, message: `ask ${n}` }));
    await approvalsOf(sessions, sessionId);
  }
  const busy = await newSession(sessions);
  const held = sessions.send({ sessionId: busy, message: "hold on" });
  await eventually(() => expect(agent.prompts).toContain("hold on"));
  // The clicks work while there is no place.
  for (const sessionId of ids) {
    const [approval] = await approvalsOf(sessions, sessionId);
    if (!approval) throw new Error("no approval");
    await sessions.resolveApproval(answerBy("ada", sessionId, approval, "yes"));
  }
  agent.release("hold on");
  await held;
  for (const answer of answers) expect((await answer).reply).toBe("answer: yes");
});

/** Reads the past, says how much it got, and waits until it is let go. */
function readingAgent(): Agent & { read: string[]; release: (message: string) => void } {
  const gates = new EventTarget();
  const read: string[] = [];
  return {
    name: "reading",
    repeatable: true,
    read,
    release: (message) => gates.dispatchEvent(new Event(message)),
    open: async (context) => ({
      async *prompt(message, signal) {
        if (message.startsWith("x")) return yield { type: "text", text: "kept" };
        const past = await context.history({ turns: 50, characters: 1_500 });
        read.push(message);
        await once(gates, message, { signal });
        yield { type: "text", text: `${past.length} turns` };
      },
      close: async () => {},
    }),
  };
}

test("histories that agents hold are bounded: who finds no room for one waits, and does not count as silent", async () => {
  const agent = readingAgent();
  const env = { TURN_SILENCE_TIMEOUT: "1500ms" };
  await using running = await testBackend(env, { agents: [agent], historyMemory: 3_000 });
  const { sessions } = running;
  const ids: string[] = [];
  for (let n = 0; n < 3; n++) {
    const sessionId = await newSession(sessions);
    for (let turn = 0; turn < 3; turn++) {
      await sessions.send({ sessionId, message: "x".repeat(700) });
    }
    ids.push(sessionId);
  }
  const answers = ids.map((sessionId, n) => sessions.send({ sessionId, message: `read ${n}` }));
  for (const n of [1, 2, 3]) {
    await eventually(() => expect(agent.read).toHaveLength(n));
    const message = agent.read[n - 1] ?? "";
    agent.release(message);
    expect((await answers[Number(message.slice(5))])?.reply).toBe("3 turns");
  }
});

test("no more of the past is read than is asked for, without a gap", async () => {
  const agent = steeredAgent();
  await using running = await testBackend({}, { agents: [agent] });
  const { sessions } = running;
  const sessionId = await newSession(sessions);
  for (const message of ["one", "x".repeat(5_000), "two", "three"]) {
    await sessions.send({ sessionId, message });
  }
  const recent = async (limits: string) =>
    (await sessions.send({ sessionId, message: `recent ${limits}` })).reply;
  // Bytes are counted, three for a character, so that what comes is an upper bound.
  expect(await recent("50 20")).toBe("two, three");
  expect((await recent("50 100")).split(", ")).toHaveLength(3);
  expect(await recent("1 1000")).toMatch(/^recent/);
  expect(await recent("50 0")).toBe("");
  expect(
    (await drain(sessions.sendStream({ sessionId, message: "recent 50 1000000" }))).error,
  ).toBe(undefined);
});
