import { request as httpRequest } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type System, startSystem } from "./web-system.js";

let system: System;
beforeAll(async () => {
  system = await startSystem();
});
afterAll(() => system[Symbol.asyncDispose]());

const JSON_TYPE = { "content-type": "application/json" };

/** fetch does not let anybody choose Host or Origin. */
function send(method: string, path: string, headers: Record<string, string>, body = "") {
  return new Promise<{ status: number; text: string }>((resolve, reject) => {
    const request = httpRequest(
      `${system.gateway.url}${path}`,
      { method, headers: { ...headers, "content-length": Buffer.byteLength(body) } },
      (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (chunk: string) => {
          text += chunk;
        });
        response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
      },
    );
    request.on("error", reject).end(body);
  });
}

const API = "/apps/web-chat/api";
const post = (headers: Record<string, string>) =>
  send("POST", `${API}/session`, { ...JSON_TYPE, ...headers }, "{}");

describe("DNS rebinding", () => {
  test.each(["evil.example", "evil.example:3000", "127.0.0.1.evil.example", "localhost.evil"])(
    "Host %j reaches nothing",
    async (host) => {
      for (const path of ["/", "/apps/web-chat/", `${API}/session`, `${API}/events`]) {
        const { status, text } = await send("GET", path, { host });
        expect(status).toBe(403);
        expect(JSON.parse(text)).toEqual({ error: expect.stringContaining("loopback") });
      }
    },
  );

  test("a proxy that writes a Host of its own does not make an outer name local", async () => {
    const forwarded = { host: "127.0.0.1:3000", "x-forwarded-host": "amp.example.com" };
    for (const path of ["/", `${API}/session`]) {
      const { status, text } = await send("GET", path, forwarded);
      expect(status).toBe(403);
      expect(JSON.parse(text)).toEqual({ error: expect.stringContaining("amp.example.com") });
    }
    const local = { host: "127.0.0.1:3000", "x-forwarded-host": "localhost:3000" };
    expect((await send("GET", `${API}/session`, local)).status).toBe(200);
  });

  test.each(["localhost", "LOCALHOST:3000", "127.0.0.1:8080", "[::1]:3000"])(
    "Host %j is ours",
    async (host) => {
      expect((await send("GET", `${API}/session`, { host })).status).toBe(200);
    },
  );
});

describe("requests from other sites", () => {
  const host = "localhost:3000";
  test.each([
    [{ origin: "https://evil.example" }],
    [{ origin: "http://localhost:4000" }],
    [{ origin: "https://localhost:3000" }],
    [{ origin: "null" }],
    [{ "sec-fetch-site": "cross-site" }],
    [{ "sec-fetch-site": "same-site" }],
  ])("%j is refused", async (headers) => {
    const { status, text } = await post({ host, ...headers });
    expect(status).toBe(403);
    expect(JSON.parse(text)).toEqual({ error: expect.any(String) });
  });

  test.each([
    [{}],
    [{ origin: "http://localhost:3000", "sec-fetch-site": "same-origin" }],
    [{ "sec-fetch-site": "none" }],
  ])("%j is allowed", async (headers) => {
    expect((await post({ host, ...headers })).status).toBe(200);
  });
});

describe("bodies", () => {
  const chat = (type: string, body: string) =>
    send("POST", `${API}/chat`, { "content-type": type }, body);

  test.each([
    ["text/plain", "{}", 415, "The body must be JSON, with Content-Type: application/json"],
    ["application/x-www-form-urlencoded", "message=hi", 415, "The body must be JSON"],
    ["application/json; charset=latin1", "{}", 415, "The body must be JSON"],
    ["application/json", "{", 400, "The body is not valid JSON"],
    ["application/json", "7", 400, "The body is not valid JSON"],
    ["application/json", "[]", 400, "The body must be a JSON object"],
    ["application/json", '{"message":7}', 400, "message must be a string"],
    ["application/json", '{"message":"x","request_id":"\\ud800"}', 400, "lone surrogates"],
    ["application/json", "", 400, "message is required"],
  ])("%s %s is %i", async (type, body, status, error) => {
    const answer = await chat(type, body);
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.text)).toEqual({ error: expect.stringContaining(error) });
  });

  test("one that is too large is 413", async () => {
    const answer = await chat("application/json", `"${"x".repeat(2_100_000)}"`);
    expect(answer).toEqual({ status: 413, text: '{"error":"The body is larger than 2mb"}' });
  });

  test("the longest message fits, however it is escaped", async () => {
    await system.web.begin();
    const escaped = `{"message":"${"\\u00e4".repeat(200_000)}"}`;
    expect((await chat("application/json", escaped)).status).toBe(200);
    const body = { error: "message must have at most 200000 characters" };
    const tooLong = await system.web.post("/chat", { message: "x".repeat(200_001) });
    expect(tooLong).toEqual({ status: 400, body });
  });
});

test("unknown paths of the API are JSON 404", async () => {
  expect(await system.web.get("/nothing")).toEqual({
    status: 404,
    body: { error: "There is no GET /apps/web-chat/api/nothing" },
  });
  expect((await system.web.post("/sessions")).status).toBe(404);
});

test("a malformed path is JSON 400", async () => {
  const body = { error: "The path is not valid" };
  expect(await system.web.get("/sessions/%zz/transcript")).toEqual({ status: 400, body });
});

test("the API is never cached, and says nothing of what it runs on", async () => {
  const response = await fetch(`${system.gateway.url}${API}/session`);
  expect(response.headers.get("cache-control")).toBe("no-store");
  expect(response.headers.get("x-powered-by")).toBeNull();
  expect(response.headers.get("content-security-policy")).toBe(
    "default-src 'none';script-src 'self';style-src 'self';img-src 'self' data:;font-src 'self';" +
      "connect-src 'self';manifest-src 'self';base-uri 'none';form-action 'none';" +
      "frame-ancestors 'none';object-src 'none';require-trusted-types-for 'script';" +
      "trusted-types dompurify",
  );
});
