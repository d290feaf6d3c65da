import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { type Connection, openStream } from "./stream.js";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A server whose connections the test holds in its hands. */
function server(status = 200, headers: Record<string, string> = {}) {
  const lines: ReadableStreamDefaultController<Uint8Array>[] = [];
  const fetch = vi.fn(async (_url: string | URL | Request, init?: RequestInit) => {
    const body = new ReadableStream<Uint8Array>({
      start(line) {
        lines.push(line);
        init?.signal?.addEventListener("abort", () => line.error(new Error("aborted")));
      },
    });
    return new Response(body, { status, headers });
  });
  const events: string[] = [];
  const states: Connection[] = [];
  const line = openStream(
    "/events",
    { event: ({ event }) => events.push(event), connection: (state) => states.push(state) },
    fetch,
  );
  return {
    line,
    fetch,
    events,
    states,
    answerWith: (code: number) => (status = code),
    write: (text: string) => lines.at(-1)?.enqueue(new TextEncoder().encode(text)),
    cut: () => lines.at(-1)?.close(),
  };
}

const pass = (milliseconds: number) => vi.advanceTimersByTimeAsync(milliseconds);

it("tells events, wherever the network cuts them", async () => {
  const { events, write, line } = server();
  await pass(0);
  write("event: sess");
  write('ions\ndata: {"sessions":[]}\n\nevent: trouble\ndata: {"message":"ä"}\n\n');
  await pass(0);
  expect(events).toEqual(["sessions", "trouble"]);
  line.close();
});

it("connects again when the line is cut", async () => {
  const { fetch, states, cut, line } = server();
  await pass(0);
  cut();
  await pass(10_000);
  expect(fetch).toHaveBeenCalledTimes(2);
  expect(states).toEqual(["connecting", "open", "lost", "open"]);
  line.close();
});

it("notices a line that is silently dead, by missing heartbeats", async () => {
  const { fetch, write, line } = server();
  await pass(0);
  for (let beat = 0; beat < 5; beat++) {
    await pass(30_000);
    write(":\n\n");
  }
  expect(fetch).toHaveBeenCalledTimes(1);
  await pass(50_000);
  expect(fetch).toHaveBeenCalledTimes(2);
  line.close();
});

it("goes on trying while the server fails, at once when woken", async () => {
  const { fetch, answerWith, states, line } = server(503);
  await pass(30_000);
  const tries = fetch.mock.calls.length;
  expect(tries).toBeGreaterThan(4);
  answerWith(200);
  line.wake();
  await pass(0);
  expect(fetch).toHaveBeenCalledTimes(tries + 1);
  expect(states.at(-1)).toBe("open");
  line.close();
});

it("ends for good when the server knows no such session, or when closed", async () => {
  const unknown = server(404);
  await pass(60_000);
  expect(unknown.states).toEqual(["connecting", "gone"]);
  expect(unknown.fetch).toHaveBeenCalledTimes(1);

  const closed = server();
  await pass(0);
  closed.line.close();
  await pass(60_000);
  expect(closed.fetch).toHaveBeenCalledTimes(1);
});

it("notices a dead line within three heartbeats when the server says how often it beats", async () => {
  const { fetch, write, line } = server(200, { Heartbeat: "5" });
  await pass(0);
  for (let beat = 0; beat < 5; beat++) {
    await pass(5_000);
    write(":\n\n");
  }
  expect(fetch).toHaveBeenCalledTimes(1);
  await pass(13_000);
  expect(fetch).toHaveBeenCalledTimes(2);
  line.close();
});
