import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { connect, createServer, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Link } from "./link.js";

/** Answers everything with itself. */
const echo = createServer((socket) => socket.on("error", () => {}).pipe(socket));
let link: Link;

beforeEach(async () => {
  echo.listen(0, "127.0.0.1");
  await once(echo, "listening");
  link = await Link.open("test", "echo", (echo.address() as AddressInfo).port);
});

afterEach(async () => {
  await link[Symbol.asyncDispose]();
  echo.close();
  await once(echo, "close");
});

async function open(): Promise<Socket> {
  const socket = connect(link.port, "127.0.0.1");
  socket.setEncoding("utf8").on("error", () => {});
  await once(socket, "connect");
  return socket;
}

async function echoed(socket: Socket, text: string): Promise<string> {
  socket.write(text);
  const [answer] = (await once(socket, "data")) as [string];
  return answer;
}

/** How an attempt to connect fails. */
async function refusal(): Promise<string | undefined> {
  const failed = await open().then(
    () => undefined,
    (error: NodeJS.ErrnoException) => error.code,
  );
  return failed;
}

test("passes bytes, and the end of a connection, on", async () => {
  const socket = await open();
  expect(await echoed(socket, "hello")).toBe("hello");
  socket.end();
  await once(socket, "close");
});

test("refused: the open ones go on, new ones are refused until it is restored", async () => {
  const socket = await open();
  expect(await echoed(socket, "before")).toBe("before");
  link.refuse();
  expect(await refusal()).toBe("ECONNREFUSED");
  expect(await echoed(socket, "meanwhile")).toBe("meanwhile");
  await link.restore();
  expect(await echoed(await open(), "after")).toBe("after");
  socket.destroy();
});

test("cut: all are broken", async () => {
  const socket = await open();
  expect(await echoed(socket, "before")).toBe("before");
  link.cut();
  await once(socket, "close");
  expect(await refusal()).toBe("ECONNREFUSED");
});

test("mute: what was sent meanwhile comes late", async () => {
  const socket = await open();
  expect(await echoed(socket, "before")).toBe("before");
  link.mute();
  const late = echoed(socket, "late");
  expect(await Promise.race([late, delay(100, "nothing")])).toBe("nothing");
  await link.restore();
  expect(await late).toBe("late");
  socket.destroy();
});

test("slow: everything comes late", async () => {
  const socket = await open();
  link.slow(50);
  const begun = performance.now();
  expect(await echoed(socket, "slow")).toBe("slow");
  expect(performance.now() - begun).toBeGreaterThan(90);
  socket.destroy();
});
