import { Writable } from "node:stream";
import type { Response } from "express";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { EventStream } from "./sse.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A response whose client reads when it is told to. */
function client() {
  const taken: string[] = [];
  let take = () => {};
  const response = new Writable({
    highWaterMark: 64,
    write(chunk: Buffer, _encoding, done) {
      take = () => {
        taken.push(chunk.toString());
        done();
      };
    },
  });
  const head = vi.fn();
  Object.assign(response, { writeHead: head, flushHeaders() {}, socket: null });
  const stream = new EventStream(response as unknown as Response);
  return { stream, response, taken, read: () => take() };
}

const settle = () => vi.advanceTimersByTimeAsync(0);

test("waits for a client that does not read, and goes on when it does", async () => {
  const { stream, response, taken, read } = client();
  let sent = 0;
  void (async () => {
    for (;;) {
      await stream.send("turn", { text: "x".repeat(100) });
      sent += 1;
    }
  })();
  await settle();
  expect(sent).toBe(0);
  expect(response.writableLength).toBeLessThan(300);
  for (let n = 1; n <= 5; n++) {
    read();
    await settle();
    expect(sent).toBe(n);
  }
  expect(taken[0]).toBe(`event: turn\ndata: {"text":"${"x".repeat(100)}"}\n\n`);
});

test("cuts off a client that takes nothing for a minute", async () => {
  const { stream, response } = client();
  void stream.send("turn", { text: "x".repeat(100) });
  await vi.advanceTimersByTimeAsync(59_000);
  expect(response.destroyed).toBe(false);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(response.destroyed).toBe(true);
  await stream.send("turn", {});
});

test("tells an idle client every 15 seconds that the line lives", async () => {
  const { taken, read } = client();
  await vi.advanceTimersByTimeAsync(15_000);
  read();
  await vi.advanceTimersByTimeAsync(15_000);
  read();
  expect(taken).toEqual([":\n\n", ":\n\n"]);
});

test("leaves no timer behind", async () => {
  const { response } = client();
  response.destroy();
  await settle();
  expect(vi.getTimerCount()).toBe(0);
});
