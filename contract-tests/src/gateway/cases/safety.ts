import assert from "node:assert/strict";
import { request as httpRequest, type IncomingHttpHeaders } from "node:http";
import type { Case } from "../../case.js";
import {
  API,
  activeSession,
  entryOf,
  type GatewaySubject,
  list,
  memories,
  newSession,
  PATIENCE_MS,
  post,
} from "../subject.js";

const FOREIGN = "http://elsewhere.example";
const JSON_TYPE = { "content-type": "application/json" };
/** Everything that changes something, and a body that would. */
const CHANGES: [method: string, path: string, body: (sessionId: string) => object][] = [
  ["POST", "/session", () => ({})],
  ["POST", "/session/resume", (session_id) => ({ session_id })],
  ["POST", "/chat", () => ({ message: "remember: what another site says" })],
  ["POST", "/cancel", () => ({})],
  ["POST", "/approval", () => ({ approval_id: "a", option_id: "allow" })],
  ["POST", "/end", () => ({})],
  ["DELETE", "/memories/mem-001", () => ({})],
];
/** How a browser says that another site sent something. */
const ANOTHER_SITE: Record<string, string>[] = [
  { origin: FOREIGN },
  { origin: "null" },
  { "sec-fetch-site": "cross-site" },
  { "sec-fetch-site": "same-site" },
];
const PAGES = ["/", "/apps/web-chat/"];
const READS = ["/session", "/sessions", "/memories", "/events"];

/** What a browser on this machine can be made to do by other web sites. */
export const safetyCases: Case<GatewaySubject>[] = [
  ...CHANGES.map(([method, path, body]) => ({
    name: `${method} ${path} does nothing for a page of another site`,
    async run(subject: GatewaySubject) {
      await post(subject, `${API}/chat`, { message: "remember: to be kept" });
      const { session_id: aside } = await newSession(subject);
      const { session_id: active } = await newSession(subject);
      const before = await state(subject, active);
      for (const headers of ANOTHER_SITE) {
        const request = { method, headers: { ...JSON_TYPE, ...headers }, body: body(aside) };
        const answer = await raw(subject, API + path, request);
        assertForbidden(answer, JSON.stringify(headers));
        assert.deepEqual(await state(subject, active), before);
      }
    },
  })),
  {
    name: "our own page, and a program that is no browser, may act",
    async run(subject) {
      const { origin, host } = new URL(subject.url);
      const ours: Record<string, string>[] = [
        {},
        { origin, "sec-fetch-site": "same-origin" },
        { origin: "http://localhost:3000", host: "localhost:3000" },
      ];
      for (const headers of ours) {
        const request = { method: "POST", headers: { host, ...JSON_TYPE, ...headers }, body: {} };
        const { status } = await raw(subject, `${API}/cancel`, request);
        assert.notEqual(status, 403, JSON.stringify(headers));
      }
    },
  },
  {
    name: "under a name that is not this machine's nothing is told and nothing is done",
    async run(subject) {
      const { session_id } = await newSession(subject);
      const before = await state(subject, session_id);
      const hosts = ["elsewhere.example", "127.0.0.1.elsewhere.example:3000", "localhost.example"];
      for (const host of hosts) {
        for (const path of [...PAGES, ...READS.map((each) => API + each)]) {
          assertForbidden(await raw(subject, path, { headers: { host } }), `${host} ${path}`);
        }
        for (const [method, path, body] of CHANGES) {
          const headers = { ...JSON_TYPE, host, origin: `http://${host}` };
          const request = { method, headers, body: body(session_id) };
          assertForbidden(await raw(subject, API + path, request), `${host} ${path}`);
        }
      }
      assert.deepEqual(await state(subject, session_id), before);
    },
  },
  {
    name: "no other site may read an answer, nor is told that it may ask",
    async run(subject) {
      const headers = { origin: FOREIGN };
      const asking = { ...headers, "access-control-request-method": "POST" };
      for (const path of READS) {
        for (const request of [{ headers }, { method: "OPTIONS", headers: asking }]) {
          const answer = await raw(subject, API + path, request);
          const open = Object.keys(answer.headers).filter((name) =>
            name.startsWith("access-control-allow"),
          );
          assert.deepEqual(open, [], path);
        }
      }
    },
  },
  {
    name: "no answer of the API may be stored",
    async run(subject) {
      const { session_id } = await newSession(subject);
      const paths = [...READS, `/sessions/${session_id}/transcript`, "/no-such-path"];
      for (const path of paths) {
        const { headers } = await raw(subject, API + path, {});
        assert.match(headers["cache-control"] ?? "", /\bno-store\b|\bno-cache\b/, path);
        if (path !== "/events") assert.match(headers["cache-control"] ?? "", /\bno-store\b/, path);
      }
      const request = { method: "POST", headers: JSON_TYPE, body: {} };
      const { headers } = await raw(subject, `${API}/cancel`, request);
      assert.match(headers["cache-control"] ?? "", /\bno-store\b/);
    },
  },
  {
    name: "the page runs no script but its own, and is framed by nobody",
    async run(subject) {
      for (const path of PAGES) {
        const { headers } = await raw(subject, path, {});
        const policy = new Map(
          String(headers["content-security-policy"] ?? "")
            .split(";")
            .map((each) => each.trim().split(/\s+/))
            .map(([name = "", ...sources]) => [name, sources] as const),
        );
        const scripts = policy.get("script-src") ?? policy.get("default-src");
        assert.ok(scripts, `${path} has no policy for scripts`);
        for (const source of scripts) assert.doesNotMatch(source, /unsafe|^\*|^https?:|^data:/);
        assert.deepEqual(policy.get("frame-ancestors"), ["'none'"]);
        assert.deepEqual(policy.get("object-src") ?? policy.get("default-src"), ["'none'"]);
        assert.deepEqual(policy.get("base-uri"), ["'none'"]);
      }
    },
  },
  {
    name: "no browser guesses the type of an answer",
    async run(subject) {
      for (const path of [...PAGES, `${API}/session`]) {
        const { headers } = await raw(subject, path, {});
        assert.equal(headers["x-content-type-options"], "nosniff", path);
      }
    },
  },
];

/** What another site could change. */
async function state(subject: GatewaySubject, sessionId: string) {
  const entry = await entryOf(subject, sessionId);
  const [newest] = (await list(subject, { limit: "1" })).sessions;
  const notes = await memories(subject, { limit: "200" });
  return { active: await activeSession(subject), entry, newest, notes };
}

interface RawAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
}

/** One request with these headers, of which fetch forbids some. Of a stream, the headers only. */
function raw(
  { url, patienceMs = PATIENCE_MS }: GatewaySubject,
  path: string,
  request: { method?: string; headers?: Record<string, string>; body?: object },
): Promise<RawAnswer> {
  const { method = "GET", body } = request;
  const text = body === undefined ? "" : JSON.stringify(body);
  const headers = { "content-length": Buffer.byteLength(text), ...request.headers };
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(patienceMs);
    // A connection of its own: one that was refused in mid-body may be closed.
    const options = { method, headers, signal, agent: false };
    const outgoing = httpRequest(url + path, options, (response) => {
      const { statusCode: status = 0, headers: told } = response;
      if (told["content-type"]?.startsWith("text/event-stream")) {
        response.destroy();
        return resolve({ status, headers: told, text: "" });
      }
      let answer = "";
      response.setEncoding("utf8").on("data", (chunk: string) => {
        answer += chunk;
      });
      response
        .on("end", () => resolve({ status, headers: told, text: answer }))
        .on("error", reject);
    });
    outgoing.on("error", reject).end(text);
  });
}

function assertForbidden({ status, text }: RawAnswer, what: string): void {
  assert.equal(status, 403, what);
  assert.equal(typeof (JSON.parse(text) as { error: unknown }).error, "string", what);
}
