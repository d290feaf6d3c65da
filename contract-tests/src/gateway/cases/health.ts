import assert from "node:assert/strict";
import type { Case } from "../../case.js";
import { API, type GatewaySubject, get, post, postText } from "../subject.js";

/** What a load balancer and a browser ask first, and what they get who ask wrongly. */
export const healthCases: Case<GatewaySubject>[] = [
  ...["/healthz", "/readyz"].map((path) => ({
    name: `GET ${path} is 200`,
    async run(subject: GatewaySubject) {
      assert.equal((await get(subject, path)).status, 200);
    },
  })),
  {
    name: "GET /apps/web-chat/ is a page",
    async run({ url }) {
      const response = await fetch(`${url}/apps/web-chat/`);
      await response.text();
      assert.match(response.headers.get("content-type") ?? "", /^text\/html/);
    },
  },
  {
    name: "a page of another site cannot act",
    async run(subject) {
      const foreign = { origin: "http://elsewhere.example" };
      const { status, body } = await post(subject, `${API}/end`, {}, foreign);
      assert.equal(status, 403);
      assertError(body);
    },
  },
  {
    name: "an unknown path of the API is 404, in JSON",
    async run(subject) {
      const { status, body } = await get(subject, `${API}/no-such-thing`);
      assert.equal(status, 404);
      assertError(body);
    },
  },
  {
    name: "a body that is not JSON is refused, in JSON",
    async run(subject) {
      const malformed = await postText(subject, `${API}/chat`, '{"message":', "application/json");
      assert.equal(malformed.status, 400);
      assertError(malformed.body);
      const untyped = await postText(subject, `${API}/chat`, "message=hi", "text/plain");
      assert.equal(untyped.status, 415);
      assertError(untyped.body);
    },
  },
];

function assertError(body: unknown): void {
  assert.ok(typeof body === "object" && body && "error" in body, `no error in ${String(body)}`);
}
