import { once } from "node:events";
import { connect } from "node:net";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { freePort } from "@amp/stack/testing";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { expectBare, post, signed } from "./doors-testing.js";
import { rawRequest } from "./raw-http.js";
import { deliver, event } from "./slack-deliver.js";
import { GENERAL, type SlackSystem, startSlackSystem } from "./slack-system.js";

let system: SlackSystem;
let inside: string;
let outside: string;
beforeAll(async () => {
  const port = await freePort();
  system = await startSlackSystem({
    SLACK_LISTEN: `127.0.0.1:${port}`,
    GATEWAY_MONITOR_HOSTS: "metrics.example.com, Other.Example.Com",
  });
  inside = system.gateway.url;
  outside = `http://127.0.0.1:${port}`;
});
afterAll(() => system[Symbol.asyncDispose]());

const API = "/apps/web-chat/api";
const CHALLENGE = JSON.stringify({ type: "url_verification", challenge: "abc" });

const ENCODINGS: [name: string, encode: (body: string) => Buffer][] = [
  ["gzip", (body) => gzipSync(body)],
  ["deflate", (body) => deflateSync(body)],
  ["br", (body) => brotliCompressSync(body)],
  ["gzip", (body) => Buffer.from(body)],
  ["deflate", () => Buffer.from("\x00\xff nonsense")],
  ["br", () => Buffer.alloc(100, 0xff)],
  ["gzip", () => gzipSync("x".repeat(900_000))],
  ["zstd", (body) => Buffer.from(body)],
  ["compress", (body) => Buffer.from(body)],
  ["gzip, gzip", (body) => gzipSync(gzipSync(body))],
  ["x".repeat(5_000), (body) => Buffer.from(body)],
];

describe("a compressed body reaches no decoder", () => {
  test.each(ENCODINGS)("%s", async (encoding, encode) => {
    const body = encode(CHALLENGE);
    const headers = { ...signed(body), "content-encoding": encoding };
    for (const url of [inside, outside]) {
      const { status, text } = await post(`${url}/slack/events`, headers, body);
      expect(status).toBe(415);
      expect(text).toContain("Content-Encoding");
      expectBare(text);
      // Without a signature, there is not even a look at the encoding.
      const unsigned = { "content-type": "application/json", "content-encoding": encoding };
      expect(await post(`${url}/slack/events`, unsigned, body)).toMatchObject({ status: 401 });
    }
    const json = { "content-type": "application/json", "content-encoding": encoding };
    const web = await post(`${inside}${API}/session`, json, encode("{}"));
    expect(web.status).toBe(415);
    expect(web.text).toContain("Content-Encoding");
    expectBare(web.text);
  });

  test("identity is none", async () => {
    const headers = { ...signed(CHALLENGE), "content-encoding": "identity" };
    for (const url of [inside, outside]) {
      expect(await post(`${url}/slack/events`, headers, CHALLENGE)).toMatchObject({ status: 200 });
    }
  });
});

describe("what cannot be understood is answered without a word of ours", () => {
  test.each([
    ["POST", "/apps/slack/commands/%ff", 400],
    ["POST", "/apps/slack/commands/%", 400],
    ["POST", "/apps/slack/commands/%E0%A4%A", 400],
    ["GET", "/%ff", 404],
    ["GET", "/nothing", 404],
    ["DELETE", "/slack/events", 404],
    ["GET", `/${"x".repeat(10_000)}`, 404],
    ["GET", "/<script>alert(1)</script>", 404],
  ])("%s %s is %i", async (method, path, status) => {
    for (const url of [outside, inside]) {
      const response = await fetch(url + path, { method });
      const text = await response.text();
      expectBare(text);
      // Inside, the page's own routes decode every path.
      if (url === outside || status === 400) expect(response.status).toBe(status);
      else expect([400, 404]).toContain(response.status);
    }
  });

  test("and is a short line at debug level, and nothing on stderr", async () => {
    const stderr = vi.spyOn(console, "error");
    const before = system.logs.length;
    await fetch(`${outside}/apps/slack/commands/%ff${"y".repeat(2_000)}`, { method: "POST" });
    const lines = system.logs.slice(before).filter(({ msg }) => msg === "refused a request");
    expect(lines).toMatchObject([{ level: 20, status: 400, method: "POST" }]);
    expect(JSON.stringify(lines).length).toBeLessThan(1_000);
    expect(stderr).not.toHaveBeenCalled();
    stderr.mockRestore();
  });

  test.each([
    ["two Host headers", ["Host: localhost", "Host: evil.example"]],
    ["the same Host twice", ["Host: localhost", "host: localhost"]],
    ["no Host", ["Accept: */*"]],
  ])("%s are 400", async (_name, hosts) => {
    for (const url of [inside, outside]) {
      for (const path of ["/healthz", "/", `${API}/session`, "/slack/events"]) {
        const { status, text } = await rawRequest(url, `GET ${path} HTTP/1.1`, ...hosts);
        expect([status, text.includes("stack")]).toEqual([400, false]);
      }
    }
  });
});

describe("under the name of another web site", () => {
  const host = (name: string) => [`Host: ${name}`, "Connection: close"];

  test.each([
    "evil.example",
    "127.0.0.1.evil.example:3000",
    "localhost.evil.example",
    "evil.example.",
    "",
  ])("%j nothing answers", async (name) => {
    for (const path of [
      "/metrics",
      "/healthz",
      "/readyz",
      "/apps/slack/status",
      "/apps/slack/sessions",
      "/",
    ]) {
      const { status } = await rawRequest(inside, `GET ${path} HTTP/1.1`, ...host(name));
      expect([path, status]).toEqual([path, 403]);
    }
    const body = [
      ...host(name),
      ...Object.entries(signed(CHALLENGE)).map((header) => header.join(": ")),
    ];
    const length = `Content-Length: ${CHALLENGE.length}`;
    const { status } = await rawRequest(
      inside,
      "POST /slack/events HTTP/1.1",
      ...body,
      length,
      "",
      CHALLENGE,
    );
    expect(status).toBe(403);
  });

  test.each([
    "10.1.2.3:3000",
    "[fd00::1]:3000",
    "gateway:3000",
    "metrics.example.com",
    "OTHER.example.com:80",
  ])("probes and Prometheus may come as %s, and others not", async (name) => {
    for (const path of ["/metrics", "/healthz", "/readyz"]) {
      const { status } = await rawRequest(inside, `GET ${path} HTTP/1.1`, ...host(name));
      expect([path, status]).toEqual([path, 200]);
    }
    for (const path of ["/apps/slack/status", "/"]) {
      const { status } = await rawRequest(inside, `GET ${path} HTTP/1.1`, ...host(name));
      expect([path, status]).toEqual([path, 403]);
    }
  });

  test("SLACK_LISTEN is called as the world likes", async () => {
    const headers = Object.entries(signed(CHALLENGE)).map((header) => header.join(": "));
    const { status } = await rawRequest(
      outside,
      "POST /slack/events HTTP/1.1",
      ...host("amp.example.com"),
      ...headers,
      `Content-Length: ${CHALLENGE.length}`,
      "",
      CHALLENGE,
    );
    expect(status).toBe(200);
  });
});

test("with every other connection to the database taken, Slack's deliveries are stored", async () => {
  const lock = await system.pool.connect();
  try {
    await lock.query("begin");
    await lock.query("lock table web_mappings in access exclusive mode");
    const stop = new AbortController();
    const busy = Array.from({ length: 400 }, () =>
      fetch(`${inside}${API}/sessions`, { signal: stop.signal }).catch(() => undefined),
    );
    await vi.waitFor(async () => {
      const { rows } = await system.pool.query<{ count: number }>(
        `select count(*) as count from pg_stat_activity
         where application_name = 'amp-gateway' and wait_event_type = 'Lock'
           and datname = current_database()`,
      );
      expect(rows[0]?.count).toBe(10);
    }, 10_000);
    for (let n = 0; n < 20; n++) {
      const message = {
        type: "message",
        channel: GENERAL,
        user: "U0ADA",
        text: "hi",
        ts: `17.${n}`,
      };
      expect((await deliver(`${outside}/slack/events`, event(message))).status).toBe(200);
    }
    stop.abort();
    await Promise.all(busy);
  } finally {
    await lock.query("rollback");
    lock.release();
  }
});

test("requests that do not come to an end are given up within seconds, answers are not", async () => {
  const stream = await system.web.events();
  const over = stream.over.then(() => Promise.reject(new Error("the stream ended")));
  over.catch(() => {});
  const slow = [inside, outside].flatMap((url) => [
    unfinished(url, "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow:"),
    unfinished(url, "POST /slack/events HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{"),
  ]);
  const answers = await Promise.race([Promise.all(slow), over]);
  for (const answer of answers) expect(answer).toMatch(/^HTTP\/1.1 (408|401)/);
  await stream[Symbol.asyncDispose]();
}, 180_000);

/** All that comes until the server closes the connection. */
async function unfinished(url: string, bytes: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  let text = "";
  socket.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
  });
  socket.on("error", () => {});
  socket.write(bytes);
  await once(socket, "close");
  return text;
}
