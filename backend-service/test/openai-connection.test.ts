/** Endpoints that no connection leads to. */
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { freePort } from "@amp/stack/testing";
import { expect, test } from "vitest";
import { failure } from "./agent-asking.js";
import { testAgent } from "./openai-testing.js";

test("nobody listens", async () => {
  const error = await failure(testAgent(`http://127.0.0.1:${await freePort()}/v1`), "hello");
  expect(error.kind).toBe("unavailable");
  expect(error.message).toMatch(/cannot be reached.+OPENAI_BASE_URL/);
});

test("no such host", async () => {
  const error = await failure(testAgent("http://no-such-host.invalid/v1"), "hello");
  expect(error.kind).toBe("unavailable");
  expect(error.message).toMatch(/cannot be reached.+OPENAI_BASE_URL/);
});

test("a host that does not speak TLS", async () => {
  await using server = await tcpServer("HTTP/1.1 400 Bad Request\r\n\r\n");
  const error = await failure(testAgent(`https://127.0.0.1:${server.port}/v1`), "hello");
  expect(error.kind).toBe("misconfigured");
  expect(error.message).toMatch(/TLS.+OPENAI_BASE_URL/);
});

test("a host that is mute from the start", async () => {
  await using server = await tcpServer("");
  const agent = testAgent(`https://127.0.0.1:${server.port}/v1`, { connectTimeout: 300 });
  const error = await failure(agent, "hello");
  expect(error.kind).toBe("timeout");
  expect(error.message).toMatch(/accept a connection.+OPENAI_BASE_URL/);
});

test("a host that does not speak HTTP", async () => {
  await using server = await tcpServer("500 what?\r\n");
  const error = await failure(testAgent(`http://127.0.0.1:${server.port}/v1`), "hello");
  expect(error.kind).toBe("internal");
  expect(error.message).toMatch(/OPENAI_BASE_URL/);
});

/** A server that answers whatever it hears with these bytes. */
async function tcpServer(answer: string) {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {}).on("data", () => socket.write(answer));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
