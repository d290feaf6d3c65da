import { tcpProxy, testDatabase } from "@amp/stack/testing";
import { expect, test } from "vitest";
import { backendOn, eventually, inDatabase, newSession } from "./backend.js";
import { steeredAgent } from "./steered-agent.js";

test("heartbeat connections that die silently cost a heartbeat, and not the lease", async () => {
  const agent = steeredAgent();
  await using database = await testDatabase();
  await using proxy = await tcpProxy(database.url);
  await using running = await backendOn(proxy, {}, { agents: [agent] });
  const sessionId = await newSession(running.sessions);
  const answer = running.sessions.send({ sessionId, message: "hold on" });
  await eventually(() => expect(agent.prompts).toHaveLength(1));
  const beats = "select heartbeat_at from replicas";
  expect(proxy.silence("amp-backend-lease")).toBeGreaterThan(0);
  const before = await inDatabase(database, beats);
  await eventually(async () => expect(await inDatabase(database, beats)).not.toEqual(before));
  agent.release("hold on");
  expect((await answer).reply).toBe("begun done");
  expect(agent.prompts).toHaveLength(1);
});
