import { expect, it, vi } from "vitest";
import { connectApi } from "./api.js";
import { approval } from "./samples.testing.js";

/** The API on a server that answers always the same. */
function answering(response: () => Response) {
  const fetch = vi.fn(async (..._request: Parameters<typeof globalThis.fetch>) => response());
  return { api: connectApi("/api", fetch), fetch };
}

it.each([
  [409, "ended"],
  [429, "transient"],
  [500, "transient"],
  [400, "rejected"],
  [403, "rejected"],
  [413, "rejected"],
])("status %i is %s, with the server's reason", async (status, refusal) => {
  const { api } = answering(() => Response.json({ error: "why" }, { status }));
  await expect(api.send("s", "hi", "r")).rejects.toMatchObject({ refusal, message: "why" });
});

it("what a server that is away says of itself is not for users", async () => {
  const { api } = answering(() => Response.json({ error: "ECONNREFUSED" }, { status: 503 }));
  const told = { refusal: "transient", message: "The agents are away for a moment." };
  await expect(api.send("s", "hi", "r")).rejects.toMatchObject(told);
});

it("a page of something between is judged by its status", async () => {
  const { api } = answering(() => new Response("<h1>Too large</h1>", { status: 413 }));
  await expect(api.send("s", "hi", "r")).rejects.toMatchObject({ refusal: "rejected" });
});

it("no answer, or a broken one, decides nothing", async () => {
  const broken = answering(() => new Response("{", { status: 202 })).api;
  await expect(broken.send("s", "hi", "r")).rejects.toMatchObject({ refusal: "transient" });
  const away = connectApi("/api", () => Promise.reject(new TypeError("fetch failed")));
  await expect(away.send("s", "hi", "r")).rejects.toMatchObject({ refusal: "transient" });
});

it("a message goes to its session under its own id, and does not wait for the answer", async () => {
  const { api, fetch } = answering(() => Response.json({ seq: 1 }, { status: 202 }));
  await api.send("s", "hi", "r");
  const [url, request] = fetch.mock.calls[0] ?? [];
  expect(url).toBe("/api/chat");
  expect(request?.headers).toMatchObject({ Prefer: "respond-async" });
  expect(JSON.parse(`${request?.body}`)).toEqual({
    session_id: "s",
    message: "hi",
    request_id: "r",
  });
});

it("an answer to a question goes to its session", async () => {
  const { api, fetch } = answering(() => Response.json({ approval: approval() }));
  expect(await api.resolve("s", "a", "yes")).toEqual({ approval: approval() });
  const [url, request] = fetch.mock.calls[0] ?? [];
  expect(url).toBe("/api/approval");
  expect(JSON.parse(`${request?.body}`)).toEqual({
    session_id: "s",
    approval_id: "a",
    option_id: "yes",
  });
});

it.each([
  ["that comes too late is rejected", true, "rejected"],
  ["to a session that is over is that", false, "ended"],
])("an answer %s", async (_name, session_connected, refusal) => {
  const answer = { error: "Already answered", session_connected };
  const { api } = answering(() => Response.json(answer, { status: 409 }));
  const told = { refusal, message: "Already answered" };
  await expect(api.resolve("s", "a", "yes")).rejects.toMatchObject(told);
});
