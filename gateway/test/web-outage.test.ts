import { type TcpProxy, tcpProxy } from "@amp/stack/testing";
import { expect, test } from "vitest";
import { startSystem } from "./web-system.js";

test("a database that is away is told, ends nothing, and is found again", async () => {
  let line: TcpProxy | undefined;
  await using system = await startSystem({}, async (url) => {
    line = await tcpProxy(url);
    return line.url;
  });
  if (!line) throw new Error("no line");
  await using proxy = line;
  await using events = await system.web.events(await system.web.begin());
  await expect.poll(() => events.of("snapshot")).toHaveLength(1);

  proxy.cut();
  const unavailable = { error: "The database cannot be reached. Try again." };
  expect(await system.web.get("/sessions")).toEqual({ status: 503, body: unavailable });
  expect(await system.web.post("/session", {})).toEqual({ status: 503, body: unavailable });
  expect(await system.web.post("/chat", { message: "hi" })).toMatchObject({ status: 503 });
  expect(await system.web.get("/session")).toMatchObject({
    status: 200,
    body: { connected: false, message: "Server services not ready. Is the server fully started?" },
  });
  expect((await fetch(`${system.gateway.url}/readyz`)).status).toBe(503);
  expect((await fetch(`${system.gateway.url}/healthz`)).status).toBe(200);

  proxy.restore();
  await expect.poll(() => system.web.get("/session")).toMatchObject({ body: { connected: true } });
  const sessionId = await system.web.begin();
  await expect.poll(() => events.list()).toMatchObject([{ session_id: sessionId }, {}]);
});
