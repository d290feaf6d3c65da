import {
  type DeepPartial,
  GetResponse,
  Reason,
  SendResponse,
  SendStreamResponse,
  type TurnEvent,
} from "@amp/proto";
import { freePort } from "@amp/stack/testing";
import { status } from "@grpc/grpc-js";
import { describe, expect, test } from "vitest";
import { type Backend, BackendError, openBackend } from "../src/backend/index.js";
import { failure, scriptedBackend } from "./scripted-backend.js";

async function withBackend<T>(address: string, work: (backend: Backend) => Promise<T>): Promise<T> {
  const backend = openBackend(address);
  try {
    return await work(backend);
  } finally {
    backend.close();
  }
}

const SESSION = GetResponse.fromPartial({ session: { sessionId: "s" } });
const TURN = SendResponse.fromPartial({ turn: { seq: 1, reply: "yes" }, reply: "yes" });
const send = { sessionId: "s", message: "m", requestId: "r" };

describe("what a status means", () => {
  test.each<[keyof typeof status, keyof typeof Reason | undefined, string]>([
    ["NOT_FOUND", "SESSION_UNKNOWN", "dead"],
    ["NOT_FOUND", "SESSION_ENDED", "dead"],
    ["NOT_FOUND", "SESSION_EXPIRED", "dead"],
    // A proxy's, or another service's: it knows nothing of our sessions.
    ["NOT_FOUND", undefined, "internal"],
    ["NOT_FOUND", "INTERNAL", "internal"],
    ["NOT_FOUND", "INVALID_FIELD", "internal"],
    ["UNAVAILABLE", undefined, "transient"],
    ["UNAVAILABLE", "DRAINING", "transient"],
    ["UNAVAILABLE", "DATABASE_UNAVAILABLE", "transient"],
    ["UNAVAILABLE", "TURN_FAILED", "turn"],
    ["DEADLINE_EXCEEDED", undefined, "transient"],
    ["DEADLINE_EXCEEDED", "TURN_FAILED", "turn"],
    ["CANCELLED", undefined, "transient"],
    ["CANCELLED", "TURN_CANCELLED", "turn"],
    ["ABORTED", undefined, "transient"],
    ["ABORTED", "TURN_INTERRUPTED", "turn"],
    ["INTERNAL", "TURN_FAILED", "turn"],
    ["INTERNAL", "INTERNAL", "internal"],
    ["INTERNAL", undefined, "transient"],
    ["UNKNOWN", undefined, "transient"],
    ["UNIMPLEMENTED", undefined, "internal"],
    ["DATA_LOSS", undefined, "internal"],
    ["RESOURCE_EXHAUSTED", "QUEUE_FULL", "busy"],
    ["RESOURCE_EXHAUSTED", undefined, "invalid"],
    ["INVALID_ARGUMENT", "INVALID_FIELD", "invalid"],
    ["INVALID_ARGUMENT", "TURN_FAILED", "turn"],
    ["FAILED_PRECONDITION", undefined, "invalid"],
    ["FAILED_PRECONDITION", "APPROVAL_DECIDED", "late"],
    ["FAILED_PRECONDITION", "APPROVAL_EXPIRED", "late"],
    ["OUT_OF_RANGE", undefined, "invalid"],
    ["ALREADY_EXISTS", undefined, "invalid"],
    ["UNAUTHENTICATED", "TOKEN_MISSING", "denied"],
    ["PERMISSION_DENIED", "WORKING_DIR_FORBIDDEN", "denied"],
  ])("%s %s is %s", async (code, reason, kind) => {
    const error = failure(status[code], reason && Reason[reason]);
    await using server = await scriptedBackend({ unary: [error], streams: [[error]] });
    await withBackend(server.address, async (backend) => {
      const expected = { name: "BackendError", kind, reason, code, message: "because" };
      await expect(backend.send(send)).rejects.toMatchObject(expected);
      await expect(collect(backend.sendStream(send))).rejects.toMatchObject(expected);
      await expect(collect(backend.watch("s"))).rejects.toMatchObject(expected);
    });
    expect(server.calls).toHaveLength(3);
  });
});

describe("the window", () => {
  test("a transient failure is tried again with the same request", async () => {
    const down = failure(status.UNAVAILABLE, Reason.DRAINING);
    await using server = await scriptedBackend({ unary: [down, down, SESSION] });
    await withBackend(server.address, async (backend) => {
      const session = await backend.create({ requestId: "r" }, { window: 10_000 });
      expect(session.sessionId).toBe("s");
    });
    expect(server.calls).toMatchObject([
      { requestId: "r" },
      { requestId: "r" },
      { requestId: "r" },
    ]);
  });

  test("without one, or when it is over, the failure is told", async () => {
    const address = `127.0.0.1:${await freePort()}`;
    await withBackend(address, async (backend) => {
      await expect(backend.get("s")).rejects.toMatchObject({ kind: "transient" });
      const begun = performance.now();
      await expect(backend.get("s", { window: 500 })).rejects.toMatchObject({ kind: "transient" });
      const took = performance.now() - begun;
      expect(took).toBeGreaterThanOrEqual(499);
      expect(took).toBeLessThan(10_000);
    });
  });

  test.each([
    ["INVALID_ARGUMENT", undefined],
    ["NOT_FOUND", undefined],
    ["INTERNAL", Reason.INTERNAL],
  ] as const)("%s is told at once", async (code, reason) => {
    await using server = await scriptedBackend({ unary: [failure(status[code], reason), SESSION] });
    await withBackend(server.address, async (backend) => {
      await expect(backend.get("s", { window: 10_000 })).rejects.toThrow(BackendError);
    });
    expect(server.calls).toHaveLength(1);
  });

  test("a turn that its agent failed as unavailable is not run again", async () => {
    const failed = failure(status.UNAVAILABLE, Reason.TURN_FAILED);
    await using server = await scriptedBackend({ unary: [failed, TURN] });
    await withBackend(server.address, async (backend) => {
      await expect(backend.send(send, { window: 10_000 })).rejects.toMatchObject({ kind: "turn" });
    });
    expect(server.calls).toHaveLength(1);
  });
});

describe("the caller's signal", () => {
  test("gives up an answer that does not come, with the signal's reason", async () => {
    await using server = await scriptedBackend({ unary: ["hang"], streams: [["hang"]] });
    await withBackend(server.address, async (backend) => {
      for (const call of [
        (signal: AbortSignal) => backend.send(send, { signal, window: 60_000 }),
        (signal: AbortSignal) => collect(backend.sendStream(send, { signal, window: 60_000 })),
        (signal: AbortSignal) => collect(backend.watch("s", { signal })),
      ]) {
        const stop = new AbortController();
        const waiting = call(stop.signal);
        stop.abort(new Error("gone"));
        await expect(waiting).rejects.toThrow("gone");
      }
    });
  });

  test("ends the wait for the next try", async () => {
    const address = `127.0.0.1:${await freePort()}`;
    await withBackend(address, async (backend) => {
      const signal = AbortSignal.timeout(300);
      await expect(backend.get("s", { signal, window: 60_000 })).rejects.toMatchObject({
        name: "TimeoutError",
      });
    });
  });
});

describe("a stream", () => {
  const event = (event: NonNullable<DeepPartial<TurnEvent>["event"]>) =>
    SendStreamResponse.fromPartial({ event: { seq: 1, event } });
  const started = event({ $case: "started", value: { seq: 1 } });
  const text = (text: string) => event({ $case: "textDelta", value: { text } });
  const completed = event({ $case: "completed", value: { seq: 1, reply: "ab" } });
  const broken = failure(status.UNAVAILABLE);

  test("that breaks goes on with the same request, from a new started", async () => {
    await using server = await scriptedBackend({
      streams: [[started, text("a"), broken], [broken], [started, text("a"), text("b"), completed]],
    });
    await withBackend(server.address, async (backend) => {
      const events = await collect(backend.sendStream(send, { window: 10_000 }));
      expect(events.map(({ event }) => event?.$case)).toEqual([
        "started",
        "textDelta",
        "started",
        "textDelta",
        "textDelta",
        "completed",
      ]);
    });
    expect(server.calls).toHaveLength(3);
    for (const call of server.calls) expect(call).toMatchObject({ requestId: "r" });
  });

  test("every sign of life opens the window anew", async () => {
    const once = [started, broken];
    await using server = await scriptedBackend({
      streams: [once, once, once, once, once, once, [started, completed]],
    });
    await withBackend(server.address, async (backend) => {
      // Each break takes some 60 ms, all together take longer than the window.
      const events = await collect(backend.sendStream(send, { window: 150 }));
      expect(events.at(-1)?.event?.$case).toBe("completed");
    });
  });

  test("may be left early", async () => {
    await using server = await scriptedBackend({ streams: [[started, "hang"]] });
    await withBackend(server.address, async (backend) => {
      for await (const { event } of backend.sendStream(send)) {
        expect(event?.$case).toBe("started");
        break;
      }
    });
  });
});

test("a cancellation of whichever turn runs is tried once, of a certain turn until it is answered", async () => {
  const lost = failure(status.UNAVAILABLE);
  await using server = await scriptedBackend({ unary: [lost, lost, { cancelled: true }] });
  await withBackend(server.address, async (backend) => {
    await expect(backend.cancel("s", 0, { window: 10_000 })).rejects.toMatchObject({
      kind: "transient",
    });
    expect(await backend.cancel("s", 5, { window: 10_000 })).toBe(true);
  });
  expect(server.calls).toMatchObject([{ seq: 0 }, { seq: 5 }, { seq: 5 }]);
});

test.each([2 ** 31, 2 ** 32, 1e15, 1.5, -(2 ** 31) - 1, Number.NaN, Number.POSITIVE_INFINITY])(
  "a request that no message can hold (%d) is not tried again",
  async (number) => {
    await using server = await scriptedBackend({ unary: [{}] });
    await withBackend(server.address, async (backend) => {
      const call = { window: 60_000 };
      const refused = { name: "BackendError", kind: "invalid" };
      await expect(backend.cancel("s", number, call)).rejects.toMatchObject(refused);
      const page = { sessionId: "s", pageSize: number };
      await expect(backend.listTurns(page, call)).rejects.toMatchObject(refused);
    });
    expect(server.calls).toEqual([]);
  },
);

test("an answer without its content is a bug of the other side", async () => {
  await using server = await scriptedBackend({ unary: [{}] });
  await withBackend(server.address, async (backend) => {
    await expect(backend.get("s")).rejects.toMatchObject({ kind: "internal" });
    await expect(backend.send(send)).rejects.toMatchObject({ kind: "internal" });
  });
});

async function collect<T>(events: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const event of events) all.push(event);
  return all;
}
