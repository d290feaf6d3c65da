import { setTimeout as delay } from "node:timers/promises";
import { status } from "@grpc/grpc-js";
import { expect, test } from "vitest";
import type { Agent, AgentEvent } from "../src/index.js";
import { answerBy, approvalsOf, turnsOf } from "./approvals.js";
import { eventually, failure, newSession, testBackend } from "./backend.js";
import { steeredAgent } from "./steered-agent.js";

const env = { TURN_SILENCE_TIMEOUT: "300ms" };

test("an agent that says nothing any more is stopped, and that is told", async () => {
  const agent = steeredAgent();
  await using running = await testBackend(env, { agents: [agent] });
  const { sessions } = running;
  const sessionId = await newSession(sessions);
  expect(await failure(sessions.send({ sessionId, message: "hold on" }))).toMatchObject({
    code: status.DEADLINE_EXCEEDED,
    reason: "TURN_FAILED",
  });
  const [turn] = await turnsOf(sessions, sessionId);
  expect(turn).toMatchObject({
    reply: "begun ",
    failure: { message: "The agent said nothing for 300 ms and was stopped." },
  });
  expect((await sessions.send({ sessionId, message: "next" })).reply).toBe("echo: next");
});

test("one that waits for people is not silent", async () => {
  const agent = steeredAgent();
  await using running = await testBackend(env, { agents: [agent] });
  const { sessions } = running;
  const sessionId = await newSession(sessions);
  const asked = sessions.send({ sessionId, message: "ask first" });
  const [approval] = await approvalsOf(sessions, sessionId);
  if (!approval) throw new Error("no approval");
  // Others, which begin after it, are found silent several times meanwhile.
  for (let n = 0; n < 3; n++) {
    const other = await newSession(sessions);
    await failure(sessions.send({ sessionId: other, message: `hold ${n}` }));
  }
  await sessions.resolveApproval(answerBy("ada", sessionId, approval, "yes"));
  expect((await asked).reply).toBe("answer: yes");
});

/** Uses a tool, or thinks aloud, or neither, for much longer than the silence that is allowed. */
const busyAgent: Agent = {
  name: "busy",
  repeatable: true,
  open: async () => ({
    async *prompt(message, signal): AsyncGenerator<AgentEvent> {
      const call = { id: "t", title: "Wait", kind: "execute", content: "" };
      if (message === "tool") yield { type: "tool", call: { ...call, status: "in_progress" } };
      for (let n = 0; n < 8; n++) {
        await delay(150, undefined, { signal });
        if (message === "thoughts") yield { type: "thought", text: "hm " };
      }
      if (message === "tool") yield { type: "tool", call: { ...call, status: "completed" } };
      yield { type: "text", text: "done" };
    },
    close: async () => {},
  }),
};

test("one that uses a tool, or goes on to tell something, is not silent", async () => {
  const patient = { TURN_SILENCE_TIMEOUT: "1s" };
  await using running = await testBackend(patient, { agents: [busyAgent] });
  const { sessions } = running;
  const sessionId = await newSession(sessions);
  for (const message of ["tool", "thoughts"]) {
    expect((await sessions.send({ sessionId, message })).reply).toBe("done");
  }
  expect(await failure(sessions.send({ sessionId, message: "nothing" }))).toMatchObject({
    code: status.DEADLINE_EXCEEDED,
  });
  await eventually(async () => expect(await turnsOf(sessions, sessionId)).toHaveLength(3));
});
