import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Announcement } from "./announce.js";
import { type Api, ApiError } from "./api.js";
import { Chat } from "./chat.js";
import { approval, session, turn } from "./samples.testing.js";
import { drafts, forgetfulStorage, perTab, START } from "./storage.js";

beforeEach(() => {
  // Event streams that never tell anything.
  vi.stubGlobal("fetch", () => new Promise(() => {}));
});
afterEach(() => {
  vi.unstubAllGlobals();
});

const UNNAMED = { description: "", workingDir: "" };

/** A page on a server that answers as the test says. */
function setUp(answers: Partial<Api>, address: string | null = null, storage = forgetfulStorage()) {
  const written: (string | null)[] = [];
  const location = { read: () => address, write: (id: string | null) => void written.push(id) };
  const send = vi.fn(async () => ({ seq: 1 }));
  const api = { events: () => "/events", send, ...answers } as unknown as Api;
  const chat = new Chat(api, location, storage);
  return { chat, storage, written, send, place: () => chat.snapshot().place };
}

/** A promise and its key. */
function later<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

it("begins with the session of the address", async () => {
  const { chat, place } = setUp({}, "a");
  await chat.start();
  expect(place()).toBe("a");
});

it("begins with the session that the user was last in", async () => {
  const { chat, place } = setUp({ current: async () => ({ connected: true, session_id: "last" }) });
  await chat.start();
  expect(place()).toBe("last");
});

it.each([
  ["has opened another place", (chat: Chat) => chat.open(null)],
  [
    "is typing",
    (_chat: Chat, storage: ReturnType<typeof forgetfulStorage>) =>
      drafts.write(storage, START, "h"),
  ],
])("leaves a user alone who meanwhile %s", async (_name, act) => {
  const answer = later<{ connected: boolean; session_id: string | null }>();
  const { chat, storage, place } = setUp({ current: () => answer.promise });
  const started = chat.start();
  act(chat, storage);
  answer.resolve({ connected: true, session_id: "last" });
  await started;
  expect(place()).toBeNull();
});

it("shows a session that begins, unless the user has gone elsewhere", async () => {
  const answers = [later<{ session_id: string }>(), later<{ session_id: string }>()];
  const queue = [...answers];
  const { chat, send, place } = setUp({
    create: () => queue.shift()?.promise ?? Promise.reject(new ApiError("rejected", "")),
  });
  chat.open(null);
  chat.send("one", UNNAMED);
  answers[0]?.resolve({ session_id: "a" });
  await vi.waitFor(() => expect(place()).toBe("a"));

  chat.open(null);
  chat.send("two", UNNAMED);
  chat.open("elsewhere");
  answers[1]?.resolve({ session_id: "b" });
  await vi.waitFor(() => expect(send).toHaveBeenCalledTimes(2));
  expect(send.mock.calls.map((call: unknown[]) => call.slice(0, 2))).toEqual([
    ["a", "one"],
    ["b", "two"],
  ]);
  expect(place()).toBe("elsewhere");
});

it("takes along what is typed when it goes on from a dead session", async () => {
  const { chat, storage, place } = setUp({ create: async () => ({ session_id: "next" }) });
  chat.open("dead");
  drafts.write(storage, "dead", "half a thought");
  await chat.goOn("creation");
  expect(place()).toBe("next");
  expect(drafts.read(storage, "next")).toBe("half a thought");
  expect(drafts.read(storage, "dead")).toBe("");
});

it("names a session after its first message, and cuts no character", async () => {
  const create = vi.fn(async () => ({ session_id: "a" }));
  const { chat } = setUp({ create });
  chat.open(null);
  chat.send(`${"x".repeat(78)}\u{1F680}, and on it goes`, UNNAMED);
  await vi.waitFor(() => expect(create).toHaveBeenCalled());
  const [[{ description }]] = create.mock.calls as unknown as [[{ description: string }]];
  expect(description).toBe(`${"x".repeat(78)}\u{1F680}…`);
});

it("brings a refused first message back to the start screen", async () => {
  const create = () => Promise.reject(new ApiError("rejected", "no such folder"));
  const { chat, storage, place } = setUp({ create });
  chat.open(null);
  chat.send("precious", UNNAMED);
  await vi.waitFor(() => expect(chat.snapshot().outgoing[0]?.state).toBe("rejected"));
  chat.reclaim(chat.snapshot().outgoing[0]?.requestId ?? "");
  expect(place()).toBeNull();
  expect(drafts.read(storage, START)).toBe("precious");
  expect(chat.snapshot().outgoing).toEqual([]);
});

it("comes back to a session that was being begun when the page was left", async () => {
  const before = setUp({ create: () => new Promise(() => {}) });
  before.chat.open(null);
  before.chat.send("precious", UNNAMED);
  const create = () => Promise.reject(new ApiError("rejected", "no such folder"));
  const after = setUp({ create }, null, before.storage);
  await after.chat.start();
  expect(after.place()).toBe(before.place());
  await vi.waitFor(() => expect(after.chat.snapshot().outgoing[0]?.state).toBe("rejected"));
});

/** Event streams that tell a session with a turn that asks, and then nothing more. */
function askThrough() {
  const asking = turn({ state: "running", approvals: [approval()] });
  const data = JSON.stringify({ session: session(), turns: [asking], has_more: false });
  vi.stubGlobal("fetch", async () => {
    const body = new ReadableStream<Uint8Array>({
      start: (line) => line.enqueue(new TextEncoder().encode(`event: snapshot\ndata: ${data}\n\n`)),
    });
    return new Response(body);
  });
}

const questions = (chat: Chat) => chat.snapshot().turns[0]?.approvals;

it("shows an answer to a question also while the event stream is silent", async () => {
  askThrough();
  const decided = approval({ state: "decided", option_id: "yes" });
  const resolve = vi.fn(async () => ({ approval: decided }));
  const { chat } = setUp({ resolve });
  chat.open("s");
  await vi.waitFor(() => expect(questions(chat)).toEqual([approval()]));
  await chat.resolve("a", "yes");
  expect(resolve).toHaveBeenCalledWith("s", "a", "yes");
  await vi.waitFor(() => expect(questions(chat)).toEqual([decided]));
});

it("says at once why an answer does not count, and to whoever gave it", async () => {
  const late = new ApiError("rejected", "Already answered");
  const { chat } = setUp({ resolve: () => Promise.reject(late) });
  chat.open("s");
  const said: Announcement[] = [];
  chat.onAnnouncement((announcement) => said.push(announcement));
  await expect(chat.resolve("a", "yes")).rejects.toBe(late);
  expect(said).toEqual([{ alert: "Already answered" }]);
});

const REFUSED = () => Promise.reject(new ApiError("rejected", "no such folder"));

it("brings the options of a refused session back, and says nothing of them to the next", async () => {
  const { chat } = setUp({ create: REFUSED });
  chat.open(null);
  chat.setStart({ description: "", workingDir: "/etc" });
  chat.send("precious", chat.snapshot().start);
  await vi.waitFor(() => expect(chat.snapshot().outgoing[0]?.state).toBe("rejected"));
  chat.reclaim(chat.snapshot().outgoing[0]?.requestId ?? "");
  expect(chat.snapshot().start).toEqual({ description: "", workingDir: "/etc" });
  chat.open(null);
  expect(chat.snapshot().start).toEqual(UNNAMED);
});

it("begins each new session with a name of its own", async () => {
  const create = vi.fn(async () => ({ session_id: "a" }));
  const { chat, place } = setUp({ create });
  chat.open(null);
  chat.setStart({ description: "Named once", workingDir: "/w" });
  chat.send("one", chat.snapshot().start);
  await vi.waitFor(() => expect(place()).toBe("a"));
  chat.open(null);
  chat.send("second", chat.snapshot().start);
  await vi.waitFor(() => expect(create).toHaveBeenCalledTimes(2));
  const calls = create.mock.calls as unknown as [{ description: string; workingDir: string }][];
  expect(calls.map(([session]) => session)).toEqual([
    { description: "Named once", workingDir: "/w" },
    { description: "second", workingDir: "" },
  ]);
});

it("gives up a message that cannot be sent, and shows the start again", async () => {
  const { chat, place } = setUp({ create: REFUSED });
  chat.open(null);
  chat.send("precious", UNNAMED);
  await vi.waitFor(() => expect(chat.snapshot().outgoing[0]?.state).toBe("rejected"));
  chat.discard(chat.snapshot().outgoing[0]?.requestId ?? "");
  expect(chat.snapshot().outgoing).toEqual([]);
  expect(place()).toBeNull();
});

it("leaves what another tab is typing alone", () => {
  const shared = forgetfulStorage();
  const tabs = [perTab(forgetfulStorage(), shared), perTab(forgetfulStorage(), shared)] as const;
  drafts.write(tabs[0], "s", "typed in A");
  expect(drafts.read(tabs[1], "s")).toBe("typed in A");
  drafts.write(tabs[1], "s", "typed in B");
  drafts.write(tabs[1], "s", "");
  expect(drafts.read(tabs[0], "s")).toBe("typed in A");
  expect(drafts.read(tabs[1], "s")).toBe("");
  drafts.write(tabs[0], "s", "typed in A, more");
  expect(drafts.read(tabs[1], "s")).toBe("");
  expect(drafts.read(perTab(forgetfulStorage(), shared), "s")).toBe("typed in A, more");
});
