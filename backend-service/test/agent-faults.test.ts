import { status } from "@grpc/grpc-js";
import { expect, test } from "vitest";
import { type Agent, AgentError, type AgentErrorKind } from "../src/index.js";
import { backendOn, drain, failure, inDatabase, newSession, testBackend } from "./backend.js";
import { steeredAgent } from "./steered-agent.js";

/** An agent that fails every turn as the message says. */
const failing: Agent = {
  name: "failing",
  repeatable: true,
  open: async () => ({
    // biome-ignore lint/correctness/useYield: it fails before it has anything to tell
    async *prompt(message) {
      throw new AgentError(message as AgentErrorKind, `failed: ${message}`);
    },
    close: async () => {},
  }),
};

test.each([
  ["unavailable", status.UNAVAILABLE],
  ["timeout", status.DEADLINE_EXCEEDED],
  ["rejected", status.INVALID_ARGUMENT],
  ["misconfigured", status.FAILED_PRECONDITION],
  ["internal", status.INTERNAL],
])("an agent that fails as %s", async (kind, code) => {
  await using running = await testBackend({}, { agents: [failing] });
  const { sessions } = running;
  const sessionId = await newSession(sessions);
  const request = { sessionId, message: kind, requestId: "r" };
  const { items, error } = await drain(sessions.sendStream(request));
  expect(items.at(-1)?.event?.event).toMatchObject({
    $case: "failed",
    value: { failure: { code, message: `failed: ${kind}` } },
  });
  expect(error).toMatchObject({ code, details: `failed: ${kind}` });
  // Stored: a repeat answers the same and does not ask the agent again.
  expect(await failure(sessions.send(request))).toMatchObject({ code, reason: "TURN_FAILED" });
});

test("an agent that breaks the rules fails its turn only, and leaks nothing", async () => {
  await using running = await testBackend({}, { agents: [steeredAgent()] });
  const { sessions } = running;
  const sessionId = await newSession(sessions);
  const thrown = await drain(sessions.sendStream({ sessionId, message: "throw" }));
  expect(thrown.error).toMatchObject({ code: status.INTERNAL });
  expect(JSON.stringify([thrown.items, String(thrown.error)])).not.toContain("hunter2");
  expect(await failure(sessions.send({ sessionId, message: "huge" }))).toMatchObject({
    code: status.INTERNAL,
    reason: "TURN_FAILED",
  });
  const { reply } = await sessions.send({ sessionId, message: "nasty" });
  expect(reply).toBe("a\uFFFDbhalf \u{1F680} end\uFFFD!");
});

test("a session whose agent is not configured any more says so", async () => {
  await using running = await testBackend({}, { agents: [steeredAgent({ name: "old" })] });
  const sessionId = await newSession(running.sessions);
  await using later = await backendOn(running.database);
  await running.backend[Symbol.asyncDispose]();
  expect(await failure(later.sessions.send({ sessionId, message: "hi" }))).toMatchObject({
    code: status.FAILED_PRECONDITION,
    reason: "TURN_FAILED",
  });
});

test("an answer that the database refuses fails its turn, and the session goes on", async () => {
  await using running = await testBackend({}, { agents: [steeredAgent()] });
  const { sessions } = running;
  const sessionId = await newSession(sessions);
  await inDatabase(
    running.database,
    "alter table turns add constraint refused check (reply <> 'echo: refused')",
  );
  const request = { sessionId, message: "refused", requestId: "r" };
  const { error } = await drain(sessions.sendStream(request));
  expect(error).toMatchObject({
    code: status.INTERNAL,
    details: "The answer could not be stored.",
  });
  expect(await failure(sessions.send(request))).toMatchObject({ reason: "TURN_FAILED" });
  expect((await sessions.send({ sessionId, message: "taken" })).reply).toBe("echo: taken");
});

test("a tool call that is told again and again is stored whole, whatever is in its id", async () => {
  const telling: Agent = {
    name: "telling",
    repeatable: true,
    open: async () => ({
      async *prompt() {
        const call = { id: "t\0\ud83d", title: "Build\0", kind: "execute\0" };
        for (let n = 1; n <= 50; n++) {
          const content = "x".repeat(400 * n);
          yield { type: "tool", call: { ...call, content, status: "in_progress" } } as const;
        }
        yield { type: "tool", call: { ...call, content: "ok\0", status: "completed" } } as const;
        yield { type: "text", text: "done" } as const;
      },
      close: async () => {},
    }),
  };
  await using running = await testBackend({}, { agents: [telling] });
  const { sessions } = running;
  const { turn } = await sessions.send({ sessionId: await newSession(sessions), message: "go" });
  expect(turn).toMatchObject({
    reply: "done",
    toolCalls: [
      {
        toolCallId: "t\uFFFD\uFFFD",
        title: "Build\uFFFD",
        kind: "execute\uFFFD",
        content: "ok\uFFFD",
      },
    ],
  });
});
