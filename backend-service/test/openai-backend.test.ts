/** The whole backend in front of an OpenAI-compatible endpoint. */
import { startOpenAiServer, testDatabase } from "@amp/stack/testing";
import { status } from "@grpc/grpc-js";
import { expect, test } from "vitest";
import { backendOn, failure, newSession, testBackend } from "./backend.js";

const settings = (url: string) => ({ OPENAI_BASE_URL: url, OPENAI_MODEL: "test-model" });

test("with a base URL it is the default, and a restart forgets nothing", async () => {
  await using server = await startOpenAiServer();
  await using database = await testDatabase();
  let sessionId = "";
  {
    await using running = await backendOn(database, settings(server.url));
    sessionId = await newSession(running.sessions);
    const { session } = await running.sessions.get({ sessionId });
    expect(session?.agent).toBe("openai");
    const { reply } = await running.sessions.send({ sessionId, message: "one" });
    expect(reply).toBe("You said: one\n\n(1 messages so far)");
  }
  await using running = await backendOn(database, settings(server.url));
  const { reply } = await running.sessions.send({ sessionId, message: "two" });
  expect(reply).toBe("You said: two\n\n(3 messages so far)");
  expect(server.requests.at(-1)?.messages.map(({ content }) => content)).toEqual([
    "one",
    "You said: one\n\n(1 messages so far)",
    "two",
  ]);
});

test("an endpoint's 404 fails the turn, never the session", async () => {
  await using server = await startOpenAiServer();
  await using running = await testBackend(settings(server.url));
  const sessionId = await newSession(running.sessions);
  server.failNext(404);
  expect(await failure(running.sessions.send({ sessionId, message: "one" }))).toMatchObject({
    code: status.FAILED_PRECONDITION,
    reason: "TURN_FAILED",
  });
  const { reply } = await running.sessions.send({ sessionId, message: "two" });
  expect(reply).toContain("two");
});

test("a cancelled turn leaves the endpoint alone", async () => {
  await using server = await startOpenAiServer();
  await using running = await testBackend(settings(server.url));
  const sessionId = await newSession(running.sessions);
  const sent = failure(running.sessions.send({ sessionId, message: "slow 60" }));
  await expect.poll(() => server.active).toBe(1);
  await running.sessions.cancel({ sessionId });
  expect(await sent).toMatchObject({ code: status.CANCELLED, reason: "TURN_CANCELLED" });
  await expect.poll(() => server.active).toBe(0);
});
