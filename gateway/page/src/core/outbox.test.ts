import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Api, ApiError } from "./api.js";
import { Outbox } from "./outbox.js";
import type { Destination, Outgoing } from "./outgoing.js";

import { forgetfulStorage, type Storage } from "./storage.js";

const TO_S: Destination = { kind: "session", sessionId: "s" };
const TO_NEW: Destination = {
  kind: "new",
  creationId: "c",
  session: { description: "", workingDir: "" },
};

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** An outbox on a server that refuses as told; a browser's storage may be handed on. */
function setUp(storage: Storage = forgetfulStorage()) {
  const refusals: ApiError[] = [];
  const sent: string[] = [];
  const created: string[] = [];
  const responses: string[] = [];
  let messages: readonly Outgoing[] = [];
  let hangs = false;
  const answer = <T>(value: T): Promise<T> => {
    if (hangs) return new Promise(() => {});
    const refusal = refusals.shift();
    return refusal ? Promise.reject(refusal) : Promise.resolve(value);
  };
  const api = {
    send: (sessionId: string, message: string, requestId: string) => {
      sent.push(`${sessionId} ${message} ${requestId}`);
      const response = responses.shift();
      return answer(response === undefined ? {} : { response });
    },
    create: (_session: unknown, creationId: string) => {
      created.push(creationId);
      return answer({ session_id: "s" });
    },
  } as unknown as Api;
  const listener = {
    changed: (all: readonly Outgoing[]) => (messages = all),
    created: vi.fn(),
    ended: vi.fn(),
    unreachable: vi.fn(),
  };
  const outbox = new Outbox(api, storage, listener);
  return {
    outbox,
    storage,
    refusals,
    responses,
    sent,
    created,
    listener,
    hang: () => {
      hangs = true;
    },
    messages: () => messages,
    states: () => messages.map(({ state }) => state),
  };
}

const settle = () => vi.advanceTimersByTimeAsync(60_000);
const transient = () => new ApiError("transient", "away");

describe("a message", () => {
  it("is sent again under the same id until it is accepted", async () => {
    const { outbox, refusals, sent, states } = setUp();
    refusals.push(transient(), transient());
    const id = outbox.send(TO_S, "hi");
    expect(states()).toEqual(["sending"]);
    await settle();
    expect(sent).toEqual([`s hi ${id}`, `s hi ${id}`, `s hi ${id}`]);
    expect(states()).toEqual(["accepted"]);
  });

  it("waits for those before it, but not for those to another session", async () => {
    const { outbox, refusals, sent } = setUp();
    refusals.push(transient());
    outbox.send(TO_S, "one");
    outbox.send(TO_S, "two");
    outbox.send({ kind: "session", sessionId: "b" }, "three");
    await settle();
    expect(sent.map((line) => line.split(" ")[1])).toEqual(["one", "three", "one", "two"]);
  });

  it("survives the tab that wrote it", async () => {
    const first = setUp();
    first.hang();
    const id = first.outbox.send(TO_S, "hi");
    const second = setUp(first.storage);
    second.outbox.restore();
    await settle();
    expect(second.sent).toEqual([`s hi ${id}`]);
    expect(second.storage.length).toBe(0);
  });

  it("that is answered at once shows the answer, and is not sent again", async () => {
    const { outbox, responses, storage, messages } = setUp();
    responses.push("Remembered!");
    outbox.send(TO_S, "remember this: tea");
    await settle();
    expect(messages()).toMatchObject([{ state: "answered", answer: "Remembered!" }]);
    expect(storage.length).toBe(0);
  });

  it("that is refused for good is shown so, and blocks nothing", async () => {
    const { outbox, refusals, states } = setUp();
    refusals.push(new ApiError("rejected", "too long"));
    outbox.send(TO_S, "one");
    outbox.send(TO_S, "two");
    await settle();
    expect(states()).toEqual(["rejected", "accepted"]);
  });
});

describe("a dead session", () => {
  it("keeps all that was on its way, until it is sent elsewhere", async () => {
    const { outbox, refusals, created, sent, listener, states } = setUp();
    refusals.push(new ApiError("ended", "gone"));
    outbox.send({ kind: "session", sessionId: "dead" }, "one");
    outbox.send({ kind: "session", sessionId: "dead" }, "two");
    await settle();
    expect(states()).toEqual(["kept", "kept"]);
    expect(listener.ended).toHaveBeenCalledExactlyOnceWith("dead");

    sent.length = 0;
    outbox.redirect("dead", TO_NEW);
    await settle();
    expect(created).toEqual(["c"]);
    expect(listener.created).toHaveBeenCalledExactlyOnceWith("c", "s");
    expect(sent.map((line) => line.slice(0, 5))).toEqual(["s one", "s two"]);
    expect(states()).toEqual(["accepted", "accepted"]);
  });
});

describe("a session that is still to be begun", () => {
  it("is begun once, however often that is tried", async () => {
    const { outbox, refusals, created, sent } = setUp();
    refusals.push(transient(), transient());
    outbox.send(TO_NEW, "one");
    outbox.send(TO_NEW, "two");
    await settle();
    expect(created).toEqual(["c", "c", "c"]);
    expect(sent.map((line) => line.slice(0, 5))).toEqual(["s one", "s two"]);
  });
});
