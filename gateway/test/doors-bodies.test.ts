import { type ClientRequest, request as httpRequest } from "node:http";
import { freePort } from "@amp/stack/testing";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { expectBare, post, signed } from "./doors-testing.js";
import { deliver, event } from "./slack-deliver.js";
import { type SlackSystem, startSlackSystem } from "./slack-system.js";

let system: SlackSystem;
let inside: string;
let outside: string;
beforeAll(async () => {
  const port = await freePort();
  system = await startSlackSystem({
    SLACK_LISTEN: `127.0.0.1:${port}`,
  });
  inside = system.gateway.url;
  outside = `http://127.0.0.1:${port}`;
});
afterAll(() => system[Symbol.asyncDispose]());

const API = "/apps/web-chat/api";

describe("a body from nobody", () => {
  test.each<[string, Record<string, string>]>([
    ["without a signature", { "x-slack-signature": "" }],
    ["with half a signature", { "x-slack-signature": "v0=00" }],
    ["with another version", { "x-slack-signature": `v1=${"0".repeat(64)}` }],
    ["with no time", { "x-slack-request-timestamp": "" }],
    [
      "with an old time",
      { "x-slack-request-timestamp": String(Math.floor(Date.now() / 1_000) - 301) },
    ],
    [
      "with a time to come",
      { "x-slack-request-timestamp": String(Math.floor(Date.now() / 1_000) + 320) },
    ],
    ["with a time that is none", { "x-slack-request-timestamp": "soon" }],
    ["with a time in words", { "x-slack-request-timestamp": "1e9" }],
  ])("%s is refused before it is there", async (_name, headers) => {
    for (const url of [inside, outside]) {
      const { request, status } = begin(
        `${url}/slack/events`,
        { ...signed("x"), ...headers },
        900_000,
      );
      expect(await status).toBe(401);
      request.destroy();
    }
  });

  test("too long for Slack is 413, whether it says so or not", async () => {
    for (const url of [inside, outside]) {
      const long = "x".repeat(1_000_001);
      expect(await post(`${url}/slack/events`, signed(long), long)).toMatchObject({ status: 413 });
      const { request, status } = begin(`${url}/slack/events`, signed("x"), undefined);
      for (let n = 0; n < 20; n++) request.write("x".repeat(100_000));
      expect(await status).toBe(413);
      request.destroy();
      const fits = JSON.stringify({ type: "url_verification", challenge: "y".repeat(999_000) });
      expect(await post(`${url}/slack/events`, signed(fits), fits)).toMatchObject({ status: 200 });
    }
  });

  test("120 that are nearly whole, under forged signatures, hold no memory and nobody up", async () => {
    const before = process.memoryUsage().arrayBuffers;
    const headers = signed("x");
    const part = Buffer.alloc(990_000);
    const strangers = Array.from({ length: 120 }, () => {
      const { request, status } = begin(`${outside}/slack/events`, headers, 999_000);
      request.write(part);
      return { request, status };
    });
    const given = strangers.map(({ status }) => status.catch(() => 0));
    const refused = await Promise.race([Promise.all(given.slice(0, 1)), Promise.any(given)]);
    expect([refused].flat()).toEqual([503]);
    const delivery = event({ type: "reaction_added", user: "U0ADA" });
    expect((await deliver(`${outside}/slack/events`, delivery)).status).toBe(200);
    await vi.waitFor(() => {
      const grown = process.memoryUsage().arrayBuffers - before;
      expect(grown).toBeLessThan(60_000_000);
    }, 5_000);
    for (const { request } of strangers) request.destroy();
    await Promise.all(given);
  });
});

/** Sends headers, and leaves the body to the caller. */
function begin(url: string, headers: Record<string, string>, length: number | undefined) {
  const request: ClientRequest = httpRequest(url, {
    method: "POST",
    headers: { ...headers, ...(length !== undefined && { "content-length": length }) },
  });
  request.flushHeaders();
  const status = new Promise<number>((resolve, reject) => {
    request.on("response", (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    request.on("error", reject);
  });
  status.catch(() => {});
  return { request, status };
}

describe("the web chat's bodies", () => {
  const JSON_TYPE = { "content-type": "application/json" };

  test.each([
    ["[".repeat(1_800_000), 400],
    ['{"a":'.repeat(300_000), 400],
    [`${"[".repeat(101)}${"]".repeat(101)}`, 400],
    [`{"message":${"[".repeat(99)}${"]".repeat(99)}}`, 400],
  ])("%.20s... is refused before it is parsed", async (body, status) => {
    const answer = await post(`${inside}${API}/chat`, JSON_TYPE, body);
    expect(answer.status).toBe(status);
    expectBare(answer.text);
  });

  test("brackets in a text are none", async () => {
    await system.web.begin();
    const message = `echo \\" ${"[".repeat(5_000)}"{{{ \\\\`;
    expect(await system.web.post("/chat", { message })).toMatchObject({ status: 200 });
  });

  test.each([0, -1, 1.5, 2 ** 31, 2 ** 32, 2 ** 53, 1e300, "1", null, true, [1]])(
    "seq %j is refused at once",
    async (seq) => {
      const { status, body } = await system.web.post("/cancel", { seq });
      expect([status, body["error"]]).toEqual([400, expect.stringMatching(/^seq must be/)]);
    },
  );

  test.each([
    ["before", 2 ** 31],
    ["before", 1e21],
    ["before", -1],
    ["limit", 201],
    ["limit", 2 ** 31],
    ["limit", 0.5],
    ["limit", "NaN"],
  ])("%s=%s is refused at once", async (field, value) => {
    const { status, body } = await system.web.get(`/sessions/x/transcript?${field}=${value}`);
    expect([status, body["error"]]).toEqual([400, expect.stringMatching(`^${field} must be`)]);
  });

  test("the greatest seq is a turn that there is not", async () => {
    expect(await system.web.post("/cancel", { seq: 2 ** 31 - 1 })).toMatchObject({
      status: 200,
      body: { cancelled: false },
    });
  });
});
